"""``livehour``: the engine on this machine, and campaigns in it.

Data on stdout, messages on stderr. Exit codes: 0 fine, 1 something failed, 2 used wrongly.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

import typer
from rich.console import Console

from local import campaigns, live_control, machine
from local.api import ApiError
from local.campaign_file import BrokenFile
from local.campaign_log import log
from local.demo.command import demo
from local.engine.errors import EngineError
from local.refunds import refund
from local.rehearse import rehearse
from local.simulate import simulate

app = typer.Typer(
    help="The engine on this machine, and campaigns in it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
INTERRUPTED: Final = 130
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    *(machine.up, machine.down, machine.status, machine.doctor),
    demo,
    rehearse,
    simulate,
    *(live_control.pin, live_control.unpin, live_control.price, live_control.flash),
    live_control.stop_coupon,
    *(live_control.say, live_control.add_stock, live_control.pause, live_control.resume),
    *(live_control.extend, live_control.cancel),
    *(campaigns.launch, campaigns.watch, campaigns.end, campaigns.report, campaigns.reconcile),
    log,
    refund,
    campaigns.handoff,
)
for command in COMMANDS:
    app.command()(command)


def main() -> None:
    """Run the command of the arguments, and end with its exit code; what it has started is stopped if it is told to stop."""
    for way_to_ask in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(way_to_ask, _as_ctrl_c)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of a command; what a person should know is told in one sentence, never as a traceback."""
    try:
        app(arguments, prog_name="livehour")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _tell("stopped.")
        return end.code if isinstance(end.code, int) else 0
    except EngineError as fault:
        _tell(str(fault))
        return fault.exit_code
    except (ApiError, BrokenFile) as fault:
        _tell(str(fault))
        return 2
    return 0


def _tell(message: str) -> None:
    Console(stderr=True).print(
        f"livehour: {message}", markup=False, highlight=False, soft_wrap=True
    )


def _as_ctrl_c(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
