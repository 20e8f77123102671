"""`livehour launch FILE` against the deployed API: a good file starts a campaign, a broken one is told line and field."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from local.engine.places import PROJECT
from shared.contracts.routes import MANAGE
from tests.journeys.shopfront import Shopfront, an_offer

SHOW = PROJECT / "events" / "shows" / "washington-apple-hour.json"


def livehour(shopfront: Shopfront, *arguments: str) -> subprocess.CompletedProcess[str]:
    theatre = shopfront.theatre
    where = {"LIVEHOUR_API": theatre.address, "LIVEHOUR_KEY": theatre.keys[MANAGE]}
    return subprocess.run(
        [sys.executable, "-c", "from local.cli import main; main()", *arguments],
        cwd=PROJECT,
        env={**os.environ, **where, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_file_is_launched_and_its_id_is_all_that_stdout_says(
    shopfront: Shopfront, tmp_path: Path
):
    file = tmp_path / "show.json"
    plan = json.loads(SHOW.read_text("utf-8")) | {
        "offers": [an_offer("FUJI-12")],
        "run_of_show": [],
    }
    file.write_text(json.dumps(plan), "utf-8")

    done = livehour(shopfront, "launch", str(file), "--now")

    assert done.returncode == 0, done.stderr
    campaign = shopfront.wait_for(done.stdout.strip(), "live")
    assert campaign["name"] == "Washington Apple Hour"


def test_a_broken_file_is_told_by_line_and_field(shopfront: Shopfront, tmp_path: Path):
    lines = SHOW.read_text("utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if '"allotment": 60,' in line]
    lines[number - 1] = lines[number - 1].replace("60", "-60")
    file = tmp_path / "show.json"
    file.write_text("\n".join(lines), "utf-8")

    done = livehour(shopfront, "launch", str(file))

    assert done.returncode == 2
    assert done.stdout == ""
    assert f"line {number}" in done.stderr
    assert "offers.5.allotment" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_json_is_told_by_line(shopfront: Shopfront, tmp_path: Path):
    file = tmp_path / "show.json"
    file.write_text('{\n  "name": "Broken",\n  "offers": [}\n', "utf-8")

    done = livehour(shopfront, "launch", str(file))

    assert done.returncode == 2
    assert "line 3" in done.stderr
