from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from local.engine.ports import HOST
from local.serve_wall import DASHBOARD, Page


@pytest.fixture
def connection(tmp_path: Path) -> Path:
    return tmp_path / "wall.json"


@pytest.fixture
def wall(connection: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr(Page, "told", connection, raising=False)
    with ThreadingHTTPServer((HOST, 0), partial(Page, directory=str(DASHBOARD))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with httpx.Client(base_url=f"http://{HOST}:{server.server_port}") as client:
            yield client
        server.shutdown()
        thread.join()


def test_the_page_is_there(wall: httpx.Client):
    answer = wall.get("/")
    assert answer.status_code == 200
    assert "livehour wall" in answer.text
    assert wall.get("/wall.js").headers["content-type"] == "text/javascript"


def test_the_connection_is_as_it_is_at_this_moment(wall: httpx.Client, connection: Path):
    connection.write_text('{"campaign": "cmp_1"}')
    assert wall.get("/config.json").json() == {"campaign": "cmp_1"}
    connection.write_text('{"campaign": "cmp_2"}')
    assert wall.get("/config.json?again").json() == {"campaign": "cmp_2"}


def test_a_page_of_another_site_cannot_read_the_key(wall: httpx.Client, connection: Path):
    connection.write_text('{"key": "lh_read_x"}')
    answer = wall.get("/config.json", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_name_that_resolves_to_this_machine_cannot_read_the_key(
    wall: httpx.Client, connection: Path
):
    connection.write_text('{"key": "lh_read_x"}')
    assert wall.get("/config.json", headers={"Host": "rebound.example"}).status_code == 403


@pytest.mark.parametrize("path", ["/vendor/", "/../pyproject.toml", "/%2e%2e/pyproject.toml"])
def test_there_is_nothing_but_the_page(wall: httpx.Client, path: str):
    assert wall.get(path).status_code == 404
