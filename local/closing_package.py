"""A closing package on this disk: fetched from the API, and verified without it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from local.api import ApiUnreachable
from shared.domain.closing_package import MANIFEST, PUBLIC_KEY, SIGNATURE

_TIMEOUT: Final = 60.0
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: nothing wrong, or what is."""

    wrong: list[str]
    files: int = 0
    """That the manifest names."""
    key: str = ""
    """SHA-256 of the public key (DER) that the signature was held against."""


def download(
    links: Mapping[str, Any],
    folder: Path,
    tell: Callable[[str], None],
    *,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Every file of ``links`` into ``folder``; a file is there whole or not at all. The number of bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    with httpx.Client(timeout=_TIMEOUT, transport=transport) as http:
        for number, file in enumerate(links["files"], start=1):
            tell(f"{number} of {len(links['files'])}: {file['name']}")
            target = folder / plain(file["name"])
            part = target.with_name(target.name + ".part")
            try:
                with http.stream("GET", file["url"]) as answer, part.open("wb") as sink:
                    answer.raise_for_status()
                    for chunk in answer.iter_bytes():
                        sink.write(chunk)
            except httpx.HTTPError as fault:
                part.unlink(missing_ok=True)
                raise ApiUnreachable(
                    f"{file['name']} cannot be fetched ({fault}): its link is good for 15 minutes, so try again."
                ) from None
            part.replace(target)
            size += file["size"]
    return size


def verify(folder: Path, key: Path | None = None, key_sha256: str | None = None) -> Verified:
    """
    Hold every file against the manifest, and the manifest against its signature.

    ``key``: the public key you were given, as PEM; ``key_sha256``: its digest. Without either, the key beside the files is
    taken, which proves only that nothing was changed by somebody who could not sign anew.
    """
    try:
        signed = (folder / MANIFEST).read_bytes()
        signature = (folder / SIGNATURE).read_bytes()
        pem = (key or folder / PUBLIC_KEY).read_bytes()
    except OSError as fault:
        return Verified([f"{fault.filename}: cannot be read ({fault.strerror})"])
    found, digest = _signature(signed, signature, pem)
    if key_sha256 is not None and digest != key_sha256:
        found.append(f"{PUBLIC_KEY}: not the key of this deployment ({key_sha256})")
    try:
        listed = json.loads(signed)["files"]
        names = {plain(file["name"]) for file in listed}
        found += [fault for file in listed for fault in _differences(folder, file)]
    except (ValueError, KeyError, TypeError) as fault:
        return Verified([*found, f"{MANIFEST}: is no manifest ({fault})"], key=digest)
    known = {*names, MANIFEST, SIGNATURE}
    found += [
        f"{path.name}: is not part of the package"
        for path in sorted(folder.iterdir())
        if path.name not in known
    ]
    return Verified(found, len(names), digest)


def plain(name: str) -> str:
    """A name that stays inside its folder, or ``ValueError``."""
    if name != Path(name).name or name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no plain name of a file")
    return name


def _signature(signed: bytes, signature: bytes, pem: bytes) -> tuple[list[str], str]:
    """What is wrong with the signature, and the digest of the key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return [f"{PUBLIC_KEY}: is no public key"], ""
    if not isinstance(key, RSAPublicKey):
        return [f"{PUBLIC_KEY}: is no RSA key"], ""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        key.verify(signature, signed, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        said = f"{MANIFEST}: the signature does not hold: it was changed, or another key signed it"
        return [said], hashlib.sha256(der).hexdigest()
    return [], hashlib.sha256(der).hexdigest()


def _differences(folder: Path, file: Mapping[str, Any]) -> Iterator[str]:
    name, path = file["name"], folder / plain(file["name"])
    if not path.is_file():
        yield f"{name}: is missing"
        return
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if size != file["size"]:
        yield f"{name}: has {size:,} bytes, and {file['size']:,} were signed"
    elif digest.hexdigest() != file["sha256"]:
        yield f"{name}: has other content than was signed"
