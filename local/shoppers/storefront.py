"""A storefront's server: asks the shop for its shoppers, and repeats what was not answered under the same key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from local.shoppers.journal import Journal, Replay
from local.shoppers.visits import Trouble
from local.shoppers.wire import Answer, NoAnswer, Wire, wait_a_little

TRIES: Final = 12


class Storefront:
    """Requests with a key of the scope ``sell``."""

    def __init__(self, wire: Wire, journal: Journal) -> None:
        self._wire = wire
        self._journal = journal

    def post(self, path: str, body: Mapping[str, Any], key: str, trouble: Trouble) -> Answer:
        """The definite answer to a POST, through whatever trouble. ``NoAnswer`` if there is none after many tries."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Idempotency-Key": key}
        answer = self._suffer(path, raw, headers, trouble) or self._insist(
            "POST", path, raw, headers
        )
        if trouble is not Trouble.NONE and answer.ok:
            if trouble is Trouble.ASKS_TWICE:
                self._journal.fired(trouble)
            again = self._insist("POST", path, raw, headers)
            self._journal.answered_twice(
                Replay(what=path, first=_facts(answer), again=_facts(again))
            )
        return answer

    def get(self, path: str) -> Answer:
        return self._insist("GET", path)

    def delete(self, path: str) -> Answer:
        return self._insist("DELETE", path)

    def _suffer(
        self, path: str, raw: bytes, headers: Mapping[str, str], trouble: Trouble
    ) -> Answer | None:
        try:
            if trouble is Trouble.CUT:
                self._journal.fired(trouble)
                self._journal.asked()
                self._wire.ask_and_hang_up("POST", path, raw, headers)
            elif trouble is Trouble.IMPATIENT:
                self._journal.asked()
                answer = self._wire.ask_impatiently("POST", path, raw, headers)
                return None if _asks_for_patience(answer) else answer
        except NoAnswer:
            if trouble is Trouble.IMPATIENT:
                self._journal.fired(trouble)
        return None

    def _insist(
        self,
        method: str,
        path: str,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        answer: Answer | None = None
        for attempt in range(TRIES):
            self._journal.asked()
            try:
                answer = self._wire.ask(method, path, raw, headers)
            except NoAnswer:
                self._journal.refused("no answer")
            else:
                if not _asks_for_patience(answer):
                    return answer
                self._journal.refused(answer.code)
            wait_a_little(attempt)
        if answer is None:
            raise NoAnswer(f"{method} {path}: nothing after {TRIES} tries")
        return answer


def _asks_for_patience(answer: Answer) -> bool:
    """Whether the answer says: the same request again, under the same key."""
    return answer.status == 503 or answer.code == "request_in_progress"


def _facts(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "body": answer.body}
