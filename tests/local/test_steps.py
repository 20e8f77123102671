from __future__ import annotations

import io
from contextlib import suppress

from rich.console import Console

from local.steps import Steps


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, color_system=None, width=80)


def told(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_each_step_is_a_plain_line_when_it_begins():
    plain = console(terminal=False)
    with Steps(plain) as tell:
        tell("starting the engine")
        assert told(plain) == "  starting the engine ...\n"
        tell("deploying the stack")
    assert told(plain) == "  starting the engine ...\n  deploying the stack ...\n"


def test_in_a_terminal_each_step_is_ticked_off_with_its_time():
    fancy = console(terminal=True)
    with Steps(fancy) as tell:
        tell("starting the engine")
        tell("deploying the stack")
        assert "✓ starting the engine" in told(fancy)
        assert "✓ deploying the stack" not in told(fancy)
    assert "✓ deploying the stack" in told(fancy)


def test_a_step_that_fails_is_crossed_out():
    fancy = console(terminal=True)
    with suppress(OSError), Steps(fancy) as tell:
        tell("starting the engine")
        raise OSError
    assert "✗ starting the engine" in told(fancy)


def test_without_a_step_nothing_is_said():
    plain = console(terminal=False)
    with Steps(plain):
        pass
    assert told(plain) == ""
