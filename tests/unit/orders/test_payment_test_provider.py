"""Signatures of the provider ``test``: held against the exact bytes, now, by any valid secret; never a fault of ours."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from shared.adapters.payment_test_provider import TestProvider
from shared.domain.errors import SignatureInvalid
from shared.domain.payment import PaymentEvent, UnreadableEvent
from tests.builders import a_campaign
from tests.shop import SECRET, headers

OLD_SECRET = "whsec_" + "b2xkc2VjcmV0" * 4
RAW = (
    b'{"type":"payment.succeeded","data":{"payment_id":"pay_1","order_id":"ord_1","amount":1,'
    b'"currency":"CNY","livemode":false}}'
)


def read(sent: dict[str, str], raw: bytes = RAW, *secrets: str) -> PaymentEvent | UnreadableEvent:
    webhooks = [Webhook(secret) for secret in secrets or [SECRET]]
    event = TestProvider(lambda: webhooks).read_event(sent, raw)
    assert event is not None
    return event


def signed(**changes: Any) -> dict[str, str]:
    return {**headers(RAW, "msg_1"), **changes}


def signature(secret: str = SECRET) -> str:
    return headers(RAW, "msg_1", secret=secret)["webhook-signature"]


def test_an_event_that_is_signed_is_read():
    event = read(signed())

    assert isinstance(event, PaymentEvent)
    assert (event.id, event.order_id, event.amount, event.livemode) == ("msg_1", "ord_1", 1, False)


def test_one_good_signature_among_several_is_enough():
    others = f"v1,{base64.b64encode(b'x' * 32).decode()} v2,abc v1a,{base64.b64encode(b'y' * 64).decode()}"

    assert read(signed(**{"webhook-signature": f"{others} {signature()}"})).id == "msg_1"


def test_while_a_secret_is_changed_both_are_valid():
    by_old = signed(**{"webhook-signature": signature(OLD_SECRET)})

    assert read(by_old, RAW, SECRET, OLD_SECRET).id == "msg_1"
    assert read(signed(), RAW, OLD_SECRET, SECRET).id == "msg_1"
    with pytest.raises(SignatureInvalid):
        read(by_old, RAW, SECRET)


@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_a_little(seconds: int):
    assert read(headers(RAW, "msg_1", at=time.time() + seconds)).id == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 320, -(10**9), 10**9])
def test_an_old_or_a_future_timestamp_does_not_hold(seconds: int):
    with pytest.raises(SignatureInvalid):
        read(headers(RAW, "msg_1", at=time.time() + seconds))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ",",
        ",,,",
        "v1",
        "v1,",
        "v1,a",
        "v1,!!!!",
        "v0," + "A" * 43 + "=",
        "v1,v1,v1 v1",
        "富士",
        "v1,富士",
        "\x00",
        "\ud800",
        "nan",
        "inf",
        "-1",
        "1e400",
        "9" * 400,
        "0x10",
        "x" * 1_000_000,
        "v1," * 100_000,
    ],
)
def test_a_header_that_makes_no_sense_does_not_hold(name: str, value: str):
    with pytest.raises(SignatureInvalid):
        read(signed(**{name: value}))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_does_not_hold(name: str):
    sent = signed()
    del sent[name]
    with pytest.raises(SignatureInvalid):
        read(sent)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        RAW + b" ",
        RAW.replace(b'"amount":1', b'"amount":2'),
        RAW.replace(b",", b", "),
        b"\xff\xfe",
        b"\xed\xa0\x80",
        RAW.decode().encode("utf-16"),
        base64.b64encode(RAW),
        b"\x00" * 16_384,
    ],
)
def test_other_bytes_do_not_hold(raw: bytes):
    with pytest.raises(SignatureInvalid):
        read(signed(), raw)


def test_another_id_or_time_does_not_hold():
    with pytest.raises(SignatureInvalid):
        read(signed(**{"webhook-id": "msg_2"}))
    with pytest.raises(SignatureInvalid):
        read(signed(**{"webhook-timestamp": str(int(time.time()) + 1)}))


def test_without_a_secret_nothing_holds():
    provider = TestProvider(list)
    with pytest.raises(SignatureInvalid):
        provider.read_event(signed(), RAW)


def test_the_same_order_has_the_same_payment_and_another_has_another():
    provider, campaign = TestProvider(list), a_campaign()

    one = provider.create_payment(campaign, "ord_1", 100, "card")

    assert provider.create_payment(campaign, "ord_1", 100, "alipay").id == one.id
    assert provider.create_payment(campaign, "ord_2", 100, "card").id != one.id
    assert provider.create_payment(a_campaign(secret="6f" * 32), "ord_1", 100, "card").id != one.id
    assert one.id.startswith("pay_")
