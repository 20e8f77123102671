"""The page as files: nothing foreign, nothing altered, nothing heavy."""

from __future__ import annotations

import gzip
import hashlib
import re

from tests.wall.fake_api import DASHBOARD

PAGE = (DASHBOARD / "index.html").read_text(encoding="utf-8")
VENDORED = DASHBOARD / "vendor"


def test_the_vendored_files_are_the_ones_that_were_recorded():
    recorded = re.findall(r"`([^`]+)` \| `([0-9a-f]{64})`", (VENDORED / "README.md").read_text())
    present = {file.name for file in VENDORED.iterdir()} - {"README.md"}
    assert {name for name, _ in recorded} == present
    for name, sha256 in recorded:
        assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == sha256, name


def test_the_whole_page_stays_under_120_kilobytes_gzipped():
    kinds = {".html", ".css", ".js", ".svg"}
    files = [file for file in DASHBOARD.rglob("*") if file.suffix in kinds]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 120 * 1024


def test_the_page_loads_nothing_from_elsewhere_and_nothing_inline():
    addresses = re.findall(r'(?:src|href)="([^"]+)"', PAGE)
    assert addresses
    assert all((DASHBOARD / address).is_file() for address in addresses)
    assert "default-src 'self'" in PAGE
    assert "unsafe" not in PAGE
    assert not re.search(r"<style|\sstyle=|\son\w+=", PAGE)


def test_no_module_turns_data_into_markup():
    for module in DASHBOARD.glob("*.js"):
        source = module.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", source)
