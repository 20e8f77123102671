"""A package on disk: fetched whole, and verified to the last byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local import cli
from local.api import Api
from local.closing_package import plain, verify

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ORDERS = b"order,amount\r\n" + b'"ord_1",99.00\r\n' * 50


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def digest_of(key: rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def signed(files: dict[str, bytes], key: rsa.RSAPrivateKey = KEY) -> dict[str, bytes]:
    """The files, with a manifest of them and its signature."""
    files = {**files, "public-key.pem": pem(key)}
    listed = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    ]
    manifest = json.dumps({"files": listed}).encode()
    signature = key.sign(manifest, PKCS1v15(), hashes.SHA256())
    return {**files, "manifest.json": manifest, "manifest.json.sig": signature}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in signed({"orders.csv": ORDERS, "report.html": b"<html>"}).items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def change(name: str, data: bytes | None) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        if data is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(data)

    return act


def sign_anew(folder: Path) -> None:
    for name, data in signed({"orders.csv": b"nothing"}, OTHER).items():
        (folder / name).write_bytes(data)


def test_a_package_as_it_was_signed_verifies(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.run(["report", "--verify", str(folder)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"3 files are what was signed by the key {digest_of(KEY)}.")
    assert "--key" in told.err


def test_whichever_byte_changes_the_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]):
    for place in range(0, len(ORDERS), 97):
        bent = bytearray(ORDERS)
        bent[place] ^= 1
        (folder / "orders.csv").write_bytes(bent)
        assert cli.run(["report", "--verify", str(folder)]) == 1
        told = capsys.readouterr()
        assert told.out == "orders.csv: has other content than was signed\n"
        assert "NOT what was signed" in told.err


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (change("orders.csv", ORDERS[:-1]), "orders.csv: has 763 bytes, and 764 were signed"),
        (change("orders.csv", None), "orders.csv: is missing"),
        (change("extra.csv", b""), "extra.csv: is not part of the package"),
        (change("manifest.json", b'{"files": []}'), "manifest.json: the signature does not hold"),
        (change("manifest.json", b"nonsense"), "manifest.json: is no manifest"),
        (change("manifest.json", b"[]"), "manifest.json: is no manifest"),
        (change("manifest.json", b'{"files": [{"name": "../x"}]}'), "no plain name"),
        (change("manifest.json", None), "manifest.json: cannot be read"),
        (change("manifest.json.sig", b"x"), "manifest.json: the signature does not hold"),
        (change("public-key.pem", b"x"), "public-key.pem: is no public key"),
        (
            change("public-key.pem", pem(ec.generate_private_key(ec.SECP256R1()))),
            "public-key.pem: is no RSA key",
        ),
        (change("public-key.pem", pem(OTHER)), "manifest.json: the signature does not hold"),
    ],
)
def test_what_is_not_as_it_was_signed_is_told(folder: Path, act: Callable[[Path], None], told: str):
    act(folder)
    assert any(told in wrong for wrong in verify(folder).wrong), verify(folder).wrong


def test_who_signs_anew_is_found_by_the_key_one_was_given(folder: Path, tmp_path: Path):
    given = tmp_path.parent / "given.pem"
    given.write_bytes(pem(KEY))
    assert not verify(folder, given, digest_of(KEY)).wrong
    sign_anew(folder)
    (folder / "report.html").unlink()
    assert not verify(folder).wrong
    assert verify(folder, given).wrong
    assert verify(folder, key_sha256=digest_of(KEY)).wrong


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/x", "a/b"])
def test_no_name_leads_out_of_the_folder(name: str):
    with pytest.raises(ValueError, match="plain"):
        plain(name)


# -- fetched -----------------------------------------------------------------------------------------------


def serve(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], key: str) -> None:
    listed = [
        {"name": name, "size": len(data), "url": f"http://files/{name}"}
        for name, data in files.items()
    ]

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files":
            assert "authorization" not in request.headers
            data = files[request.url.path[1:]]
            return httpx.Response(200, content=data) if data else httpx.Response(403)
        return httpx.Response(200, json={"files": listed, "public_key_sha256": key})

    transport = httpx.MockTransport(handle)
    monkeypatch.setattr(Api, "of_this_machine", lambda scope: Api("http://api", scope, transport))


def test_a_package_is_fetched_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    files = signed({"orders.csv": ORDERS})
    serve(monkeypatch, files, digest_of(KEY))
    folder = tmp_path / "new" / "package"
    assert cli.run(["report", "cmp_1", "--out", str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    told = capsys.readouterr()
    assert told.out == f"{folder}\n"
    assert f"livehour report --verify {folder}" in told.err


def test_a_package_of_another_key_than_the_api_says_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    serve(monkeypatch, signed({"orders.csv": ORDERS}, OTHER), digest_of(KEY))
    assert cli.run(["report", "cmp_1", "--out", str(tmp_path / "p")]) == 1
    assert "not the key of this deployment" in capsys.readouterr().out


def test_a_file_that_does_not_come_is_told_and_no_part_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    serve(monkeypatch, {"orders.csv": b""}, digest_of(KEY))
    assert cli.run(["report", "cmp_1", "--out", str(tmp_path / "p")]) == 2
    assert "orders.csv cannot be fetched" in capsys.readouterr().err
    assert not list((tmp_path / "p").iterdir())
