"""
Webhooks of strangers, and of a payment provider that says strange things.

Whatever is not signed is refused and leaves nothing. Whatever is signed and does not fit its order is received, put aside
for a person, and changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any

import pytest

from tests.hostile.corpus import VALUES, written
from tests.hostile.front import Headers
from tests.hostile.house import House
from tests.hostile.place import Place
from tests.hostile.premises import SIGNED, Premises, fresh
from tests.hostile.reference import endpoints, places, put, without
from tests.hostile.tally import tally

pytestmark = pytest.mark.usefixtures("log")

Forgery = Callable[[Premises, bytes], Headers]
ID, STAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = 300
"""Seconds that the provider's clock and ours may differ."""
NEARLY = 5
"""Seconds on either side of the edge: the test takes time, too."""
LONGEST_ID = 255
"""Characters of a payment's."""


def signed_at(seconds: float) -> Forgery:
    return lambda bank, raw: bank.signature(raw, fresh("msg"), int(time.time() + seconds))


def stamped(stamp: str) -> Forgery:
    """Rightly signed, with that for a timestamp."""
    return lambda bank, raw: bank.signature(raw, fresh("msg"), stamp)


def changed(header: str, change: Callable[[str], str | None]) -> Forgery:
    """Signed well, and then one of the headers was changed, or left out."""

    def forge(bank: Premises, raw: bytes) -> Headers:
        for name, value in bank.signature(raw, fresh("msg")):
            told = change(value) if name == header else value
            if told is not None:
                yield name, told

    return forge


def among(*others: str, last: bool = True) -> Forgery:
    """The right signature with others around it."""
    return changed(
        SIGNATURE, lambda right: " ".join([*others, right] if last else [right, *others])
    )


def twice(header: str) -> Forgery:
    """A header that was sent twice."""

    def forge(bank: Premises, raw: bytes) -> Headers:
        sent = bank.signature(raw, fresh("msg"))
        return [*sent, *(pair for pair in sent if pair[0] == header)]

    return forge


def by_another(secret: bytes) -> Forgery:
    return lambda bank, raw: bank.signature(raw, fresh("msg"), secret=secret)


def of_other_text(bank: Premises, raw: bytes, form: str) -> Headers:
    """Of the same parts, put together in another way."""
    event, stamp = fresh("msg"), str(int(time.time()))
    text = form.format(id=event, at=stamp, body=raw.decode()).encode()
    mac = base64.b64encode(hmac.new(bank.secret, text, hashlib.sha256).digest()).decode()
    return [(ID, event), (STAMP, stamp), (SIGNATURE, f"v1,{mac}")]


OTHER = "v1," + base64.b64encode(b"\x01" * 32).decode()
REFUSED: dict[str, Forgery] = {
    "no header": lambda _bank, _raw: [],
    "no id": changed(ID, lambda _: None),
    "no timestamp": changed(STAMP, lambda _: None),
    "no signature": changed(SIGNATURE, lambda _: None),
    "an empty id": changed(ID, lambda _: ""),
    "an empty timestamp": changed(STAMP, lambda _: ""),
    "an empty signature": changed(SIGNATURE, lambda _: ""),
    "another id": changed(ID, lambda right: right + "0"),
    "the id of an order": lambda bank, raw: [*bank.signature(raw, "x")[1:], (ID, bank.order["id"])],
    "another timestamp": changed(STAMP, lambda right: str(int(right) + 1)),
    "another signature": changed(SIGNATURE, lambda _: OTHER),
    "half a signature": changed(SIGNATURE, lambda right: right[:24]),
    "a signature of nothing": changed(SIGNATURE, lambda _: "v1,"),
    "no base64": changed(SIGNATURE, lambda _: "v1,%%%"),
    "padding alone": changed(SIGNATURE, lambda _: "v1,===="),
    "Latin-1": changed(SIGNATURE, lambda _: "v1,\u00e9\u00e8"),
    "v0 only": changed(SIGNATURE, lambda right: right.replace("v1,", "v0,")),
    "v1a only": changed(SIGNATURE, lambda right: right.replace("v1,", "v1a,")),
    "v2 only": changed(SIGNATURE, lambda right: right.replace("v1,", "v2,")),
    "no version": changed(SIGNATURE, lambda right: right.removeprefix("v1,")),
    "another separator": changed(SIGNATURE, lambda right: right.replace("v1,", "v1=")),
    "hexadecimal": changed(SIGNATURE, lambda right: "v1," + base64.b64decode(right[3:]).hex()),
    "junk in the list": among("junk"),
    "commas in the list": among("v1,a,b"),
    "a thousand wrong ones": changed(SIGNATURE, lambda _: " ".join([OTHER] * 1000)),
    "a thousand wrong ones, and the right one": among(*[OTHER] * 1000),
    "another secret": by_another(b"another secret of the same length"),
    "the secret as it is written": by_another(b"whsec_"),
    "an old one": signed_at(-3600),
    "a future one": signed_at(3600),
    "just too old": signed_at(-TOLERANCE - NEARLY),
    "just too new": signed_at(TOLERANCE + NEARLY),
    "the first second of all": stamped("0"),
    "before all": stamped("-1"),
    "after all": stamped("9" * 400),
    "milliseconds": lambda bank, raw: bank.signature(raw, fresh("msg"), int(time.time() * 1000)),
    "a date": stamped("2026-11-28T20:00:00Z"),
    "a word": stamped("now"),
    "NaN": stamped("nan"),
    "an infinity": stamped("inf"),
    "hexadecimal time": stamped(hex(int(time.time()))),
    "digits of another script": stamped("\u00b2\u00b3"),
    "without the id": lambda bank, raw: of_other_text(bank, raw, "{at}.{body}"),
    "without the timestamp": lambda bank, raw: of_other_text(bank, raw, "{id}.{body}"),
    "of the body alone": lambda bank, raw: of_other_text(bank, raw, "{body}"),
    "in another order": lambda bank, raw: of_other_text(bank, raw, "{at}.{id}.{body}"),
    "two ids": twice(ID),
    "two timestamps": twice(STAMP),
    "two signatures in two headers": twice(SIGNATURE),
    "an id of 3,000 letters": lambda bank, raw: bank.signature(raw, "m" * 3000),
    "a signature of 7,000 letters": changed(SIGNATURE, lambda right: right + "A" * 7000),
}
TAKEN: dict[str, Forgery] = {
    "signed now": signed_at(0),
    "nearly too old": signed_at(-TOLERANCE + NEARLY),
    "nearly too new": signed_at(TOLERANCE - NEARLY),
    "the right one last": among(OTHER, OTHER),
    "the right one first": among(OTHER, last=False),
    "among versions that are not known": among("v0,AAAA", "v1a,AAAA", "v9,AAAA"),
    "an id with dots": lambda bank, raw: bank.signature(raw, f"{fresh('msg')}.1.2"),
    "an id of 1,000 letters": lambda bank, raw: bank.signature(raw, fresh("m" * 1000)),
}


def bytes_of(event: Any) -> bytes:
    return json.dumps(event).encode()


def a_payment(bank: Premises, **facts: Any) -> dict[str, Any]:
    return {"type": "payment.succeeded", "data": {**bank.payment, **facts}}


def test_what_is_not_signed_is_refused_and_leaves_nothing(place: Place):
    bank = place.premises
    raw = bytes_of(a_payment(bank))
    before = place.belongings()
    for name, forge in REFUSED.items():
        answer = bank.tell(raw, list(forge(bank, raw)))
        place.asked += 1
        assert answer.refusal == (401, "signature_invalid"), name

    assert place.belongings() == before
    assert bank.order_now()["state"] == "awaiting_payment"


def test_what_is_signed_is_received(place: Place):
    bank = place.premises
    # Of a wrong amount: so that the order can be asked about again and again.
    raw = bytes_of(a_payment(bank, amount=1))
    for name, forge in TAKEN.items():
        answer = bank.tell(raw, list(forge(bank, raw)))
        place.asked += 1
        assert (answer.status, answer.body["outcome"]) == (200, "quarantined"), name

    assert bank.order_now()["state"] == "awaiting_payment"


def other_bodies(bank: Premises) -> Iterator[tuple[str, bytes]]:
    """What somebody may make of a body that was signed."""
    event = a_payment(bank)
    raw = bytes_of(event)
    yield "indented", json.dumps(event, indent=2).encode()
    yield "compact", json.dumps(event, separators=(",", ":")).encode()
    yield "sorted", json.dumps({"data": event["data"], "type": event["type"]}).encode()
    yield "a blank more", raw + b" "
    yield "a new line more", raw + b"\n"
    yield "a byte order mark", b"\xef\xbb\xbf" + raw
    yield "UTF-16", raw.decode().encode("utf-16")
    yield "base64 of it", base64.b64encode(raw)
    yield "another amount", bytes_of(a_payment(bank, amount=1))
    yield "nothing", b""
    yield "not UTF-8", raw.replace(b"CNY", b"\xff\xfe\xfd")
    yield "cut off", raw[:-1]


def test_another_body_under_the_same_signature_is_refused(place: Place):
    bank = place.premises
    signed = bank.signature(bytes_of(a_payment(bank)), fresh("msg"))
    for name, raw in other_bodies(bank):
        assert bank.tell(raw, signed).refusal == (401, "signature_invalid"), name
        # As the gateway hands over what is no text.
        binary = [*signed, ("Content-Type", "application/octet-stream")]
        answer = bank.front.ask("POST", SIGNED, raw, binary)
        assert answer.refusal == (401, "signature_invalid"), name
        place.asked += 2

    assert bank.order_now()["state"] == "awaiting_payment"


def test_a_signed_body_that_comes_in_base64_is_the_body_that_was_signed(place: Place):
    bank = place.premises
    for raw in (
        bytes_of(a_payment(bank, amount=1)),
        '{"type": "富士"}'.encode(),
        b"\xef\xbb\xbf{}",
    ):
        signed = bank.signature(raw, fresh("msg"))
        for kind in ("application/octet-stream", "application/x-www-form-urlencoded"):
            answer = bank.front.ask("POST", SIGNED, raw, [*signed, ("Content-Type", kind)])
            place.asked += 1
            assert answer.body["outcome"] == "quarantined"


def test_a_body_of_any_size_is_put_aside_if_it_is_signed_and_refused_if_it_is_not(place: Place):
    bank = place.premises
    # Among them: a million entries, which no provider sends.
    for raw in (b" " * 16_385, b"[" + b"0," * 999_999 + b"0]", b"x" * 5_000_000):
        answer = bank.tell(raw, bank.signature(raw, fresh("msg")))
        place.asked += 1
        assert (answer.status, answer.body["outcome"]) == (200, "quarantined")
        unsigned = bank.tell(raw, bank.signature(raw + b" ", fresh("msg")))
        assert unsigned.refusal == (413, "body_too_large")


def test_a_header_of_any_size_is_refused(place: Place):
    bank = place.premises
    for size in (8_000, 60_000, 1_000_000):
        for header in (ID, STAMP, SIGNATURE):
            headers = [*bank.signature(b"{}", fresh("msg")), (header, "v" * size)]
            place.asked += 1
            try:
                answer = bank.front.ask("POST", SIGNED, b"{}", headers)
            except (OSError, HTTPException):
                continue  # A gateway may hang up on who talks too much.
            assert answer.status in (400, 401, 413, 431), (header, size)


LIES: dict[str, Any] = {
    "too little": {"amount": 1},
    "a cent less": {"amount": 9899},
    "a cent more": {"amount": 9901},
    "nothing": {"amount": 0},
    "less than nothing": {"amount": -9900},
    "a hundredfold": {"amount": 990_000},
    "more than can be": {"amount": 10**100},
    "in another currency": {"currency": "USD"},
    "in a currency in small letters": {"currency": "cny"},
    "of real money": {"livemode": True},
    "of another payment": {"payment_id": "pay_AAAAAAAAAAAAAAAAAAAA"},
    "of no payment we know": {"payment_id": "pi_3PX"},
    "of an order that is none": {"order_id": "ord_" + "A" * 74},
    "of a reservation": {"order_id": "rsv"},
    "of a campaign": {"order_id": "cmp"},
    "of nothing": {"order_id": "\x00"},
}


def test_a_signed_event_that_does_not_fit_its_order_is_put_aside(place: Place):
    bank = place.premises
    own = {"rsv": bank.reservation, "cmp": bank.show}
    kinds = ("payment.succeeded", "payment.failed", "refund.succeeded")
    stands = bank.order_now()
    for lie in LIES.values():
        facts = {name: own.get(str(value), value) for name, value in lie.items()}
        for kind in kinds if place.name == "in process" else kinds[:1]:
            answer = bank.tell({"type": kind, "data": {**bank.payment, **facts}})
            place.asked += 1
            # Money that fits, of a payment that is not the order's, is its second: it goes back.
            second = "payment_id" in lie and kind == "payment.succeeded"
            outcome = "refunded" if second else "quarantined"
            assert (answer.status, answer.body["outcome"]) == (200, outcome), (kind, lie)
    # A refund that nobody asked for.
    refund = bank.tell({"type": "refund.succeeded", "data": bank.payment})
    assert refund.body["outcome"] == "quarantined"

    assert bank.order_now() == stands


def test_an_event_of_another_merchants_order_moves_neither(place: Place):
    bank, rival = place.premises, place.rival
    for facts, outcome in (
        # Each has a payment of its own, so that this one is its second.
        ({"order_id": rival.order["id"]}, "refunded"),
        ({"payment_id": rival.order["payment"]["id"]}, "refunded"),
        ({"order_id": rival.order["id"], "amount": 1}, "quarantined"),
    ):
        assert bank.tell(a_payment(bank, **facts)).body["outcome"] == outcome
        place.asked += 1

    assert bank.order_now()["state"] == rival.order_now()["state"] == "awaiting_payment"


def poison(bank: Premises) -> Iterator[tuple[str, bytes]]:
    """What a provider may send one day that nobody here has ever seen."""
    true = a_payment(bank)
    yield "nothing", b""
    yield "blanks", b"   "
    yield "no JSON", b"payment=succeeded"
    yield "a list", bytes_of([true])
    yield "a text", bytes_of("payment.succeeded")
    yield "an empty object", b"{}"
    yield "an unknown type", bytes_of({**true, "type": "payment.exploded"})
    yield "a type that is none", bytes_of({**true, "type": {"name": "payment.succeeded"}})
    yield (
        "another version's schema",
        bytes_of({"version": 2, "event": {"kind": "paid", "object": true}}),
    )
    yield "the data in a list", bytes_of({**true, "data": [true["data"]]})
    yield "the data as a text", bytes_of({**true, "data": json.dumps(true["data"])})
    yield "8,000 lists deep", b"[" * 8000 + b"]" * 8000
    yield "7,000 entries", bytes_of({**true, "data": [0] * 4000})
    yield "twins", b'{"type": "payment.succeeded", "type": "payment.failed"}'
    yield "a number of 10,000 digits", b'{"type": 1, "data": ' + b"9" * 10_000 + b"}"
    yield "half a character", b'{"type": "payment.succeeded", "data": {"order_id": "\\ud83c"}}'


def test_what_nobody_can_read_is_put_aside_and_blocks_nobody(place: Place):
    bank = place.premises
    for name, raw in poison(bank):
        event = fresh("poison")
        for _ in range(2):  # for it will be delivered again
            answer = bank.tell(raw, bank.signature(raw, event))
            place.asked += 1
            assert (answer.status, answer.body["outcome"]) == (200, "quarantined"), name

    paid = bank.an_order()
    facts = {"payment_id": paid["payment"]["id"], "order_id": paid["id"]}
    assert bank.tell(a_payment(bank, **facts)).body["outcome"] == "paid"


def is_second_payment(where: tuple[str | int, ...], body: Any) -> bool:
    """Whether a true event, changed there, tells of a payment that is not the order's, by an id that one can have."""
    if where != ("data", "payment_id"):
        return False
    payment = body["data"].get("payment_id")
    return isinstance(payment, str) and 0 < len(payment) <= LONGEST_ID


def test_every_field_of_an_event_with_every_value_leaves_the_order_as_it_is(
    house: House, victim: Premises
):
    (endpoint,) = [one for one in endpoints() if one.path.startswith("/v1/webhooks/")]
    true = victim.fitted(endpoint.full)
    stands = victim.order_now()
    cases = 0
    for where, _ in places(true):
        bodies = [without(true, where), *(put(true, where, value) for value in VALUES.values())]
        for body in bodies:
            if written(body) == written(true):
                continue
            before = len(house.writes)
            answer = victim.tell(written(body))
            cases += 1
            outcome = "refunded" if is_second_payment(where, body) else "quarantined"
            assert (answer.status, answer.body["outcome"]) == (200, outcome), (where, body)
            assert house.writes[before:] == ["payments"]
    tally("fields", endpoint.name, {"cases": cases, "taken": 0})

    assert victim.order_now() == stands


def test_nothing_personal_is_kept_of_what_is_put_aside(house: House, victim: Premises):
    victim.tell(
        {"type": "payment.exploded", "data": {"name": "Li Wei", "address": "1 Nanjing Road"}}
    )
    victim.tell(a_payment(victim, amount=2) | {"buyer": "Li Wei", "card": "4242424242424242"})

    kept = json.dumps(house.store.items("payments"))

    assert "Nanjing" not in kept
    assert "Li Wei" not in kept
    assert "4242424242424242" not in kept
