"""A wall in a real browser, in front of a scripted API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.wall.fake_api import FakeApi

# Chromium says this of every answer over 399, which some tests script.
SCRIPTED = "Failed to load resource"
# Lets a test see what was handed to the chart, which keeps its data to itself.
WATCH_PLOTS = """
    window.plots = [];
    let real;
    Object.defineProperty(window, 'uPlot', {
        configurable: true,
        get: () => real,
        set: (plot) => {
            real = new Proxy(plot, {
                construct(target, args) {
                    const made = new target(...args);
                    window.plots.push(made);
                    return made;
                },
            });
        },
    });
"""

OpenWall = Callable[..., Page]


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """The fake API listens on the loopback."""


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running.connected()


@pytest.fixture
def open_wall(browser: Browser, api: FakeApi) -> Iterator[OpenWall]:
    """Opens the wall in front of `api`; anything the page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and SCRIPTED not in message.text:
            complaints.append(message.text)

    def opened(
        path: str = "/", *, size: tuple[int, int] = (1280, 800), script: str = "", **options: Any
    ) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, **{"locale": "en-GB", **options}
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_init_script(WATCH_PLOTS + script)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(api.address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
