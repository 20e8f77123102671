"""Files made from the code and kept beside it: ``python -m local.generate`` writes them, ``--check`` compares.

Such a file is committed, because people and tools read it; and compared, because otherwise it would soon lie.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from local import proof
from local.engine.places import PROJECT
from shared.contracts import event_catalogue, openapi

Maker: TypeAlias = Callable[[Path], Mapping[str, str]]


def main(arguments: Sequence[str]) -> int:
    """Write what differs, or with ``--check`` name it and answer 1."""
    differing = dict(differences(PROJECT))
    if "--check" in arguments:
        for path in differing:
            print(f"{path} is not what the code says: run `make generate`.", file=sys.stderr)
        return 1 if differing else 0
    for path, text in differing.items():
        write(PROJECT / path, text)
        print(f"{path} {'removed' if text is None else 'written'}", file=sys.stderr)
    return 0


def differences(project: Path) -> Iterator[tuple[str, str | None]]:
    """Each generated file that is not as it should be, with its text; None if it should not be."""
    wanted = {path: text for make in MAKERS for path, text in make(project).items()}
    for path, text in wanted.items():
        file = project / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            yield path, text
    for folder in WHOLLY_MADE:
        for file in sorted((project / folder).glob("*")):
            path = file.relative_to(project).as_posix()
            if path not in wanted:
                yield path, None


def write(file: Path, text: str | None) -> None:
    """Make the file say ``text``, or be gone."""
    if text is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _api_document(_: Path) -> Mapping[str, str]:
    return {"docs/openapi.json": openapi.render()}


def _event_documents(_: Path) -> Mapping[str, str]:
    return {f"events/{path}": text for path, text in event_catalogue.documents().items()}


def _event_table(project: Path) -> Mapping[str, str]:
    readme = (project / "events/README.md").read_text(encoding="utf-8")
    return {"events/README.md": event_catalogue.with_catalogue(readme)}


#: Each makes texts, by their path in the project.
MAKERS: Final[tuple[Maker, ...]] = (
    _api_document,
    _event_documents,
    _event_table,
    proof.documents,
)
#: Folders in which nothing else may be: a file that nobody makes any more is stale.
WHOLLY_MADE: Final = ("events/schemas", "events/examples")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
