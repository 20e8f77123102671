"""The function from the streams to the bus, with what Lambda hands it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.publish_changes.handler import lambda_handler
from shared import wiring
from shared.adapters.eventbridge import EventBridgeBus
from shared.domain.errors import CampaignNotFound, StoreBusy
from tests.fakes import MemoryLog
from tests.unit.events.fake_eventbridge import FakeEventBridge

INVOCATIONS = Path(__file__).parents[3] / "events" / "invocations"
STREAMS = ("campaigns", "orders", "payments", "stock", "waitlists")
TOLD = {
    "campaigns": ["CampaignScheduled", "CampaignOpened", "CampaignCancelled", "CampaignClosed"],
    "orders": ["OrderPaid", "OrderRefunded"],
    "payments": ["PaymentQuarantined", "PaymentQuarantined"],
    "stock": ["ReservationExpired", "ReservationExpired", "OfferSoldOut"],
    "waitlists": ["WaitlistOffered"],
}

Json = dict[str, Any]


@cache
def invocation(role: str) -> str:
    return (INVOCATIONS / f"stream_{role}.json").read_text()


def records(role: str) -> list[Json]:
    found: list[Json] = json.loads(invocation(role))["Records"]
    return found


@contextmanager
def telling(client: FakeEventBridge, log: MemoryLog | None = None) -> Iterator[FakeEventBridge]:
    """The function's bus, its campaigns and their log, replaced."""
    log = log or MemoryLog()
    bus = EventBridgeBus(cast(Any, client), "livehour-local", pause=lambda _: None)
    with (
        patch.object(wiring, "bus", lambda: bus),
        patch.object(wiring, "merchant_of", lambda _: "mer_washington_apples"),
        patch.object(wiring, "campaign_log", lambda: log),
    ):
        yield client


@pytest.fixture
def bus() -> Iterator[FakeEventBridge]:
    with telling(FakeEventBridge()) as client:
        yield client


def publish(batch: list[Json]) -> list[str]:
    """The sequence numbers that must come again."""
    answer = lambda_handler({"Records": batch})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def number_of(record: Json) -> str:
    return cast(str, record["dynamodb"]["SequenceNumber"])


def entries_of(log: MemoryLog) -> list[tuple[str, int | None]]:
    return [(name, entry.version) for name, kept in log.kept.items() for entry in kept.values()]


def test_each_version_of_a_campaign_is_in_its_log_once_however_often_it_is_told():
    log = MemoryLog()
    with telling(FakeEventBridge(), log):
        for _ in range(2):
            assert publish(records("campaigns")) == []
    images = [record["dynamodb"]["NewImage"] for record in records("campaigns")]
    written = [(image["id"]["S"], int(image["version"]["N"])) for image in images]
    assert sorted(entries_of(log)) == sorted(written)


def test_a_version_that_cannot_be_logged_comes_again_and_its_neighbours_are_told():
    log, batch = MemoryLog(), records("campaigns")

    def busy_once(_: str) -> None:
        if len(log.calls) == 1:
            log.before = lambda _: None
            raise StoreBusy

    log.before = busy_once
    with telling(FakeEventBridge(), log):
        assert publish(batch) == [number_of(batch[1])]
        assert len(entries_of(log)) == len(batch) - 1
        assert publish(batch[1:2]) == []
    assert len(entries_of(log)) == len(batch)


@pytest.mark.parametrize("role", STREAMS)
def test_each_stream_is_told_in_its_events(role: str, bus: FakeEventBridge):
    assert publish(records(role)) == []
    assert [entry["DetailType"] for entry in bus.taken] == TOLD[role]


def test_all_that_a_batch_has_to_tell_goes_out_in_one_call(bus: FakeEventBridge):
    publish([record for role in ("orders", "stock") for record in records(role)])

    assert bus.calls == [5]


def test_nothing_about_a_person_and_no_secret_leaves(bus: FakeEventBridge):
    batch = [record for role in STREAMS for record in records(role)]
    publish(batch)

    told = json.dumps([entry["Detail"] for entry in bus.taken], ensure_ascii=False)
    images = [record["dynamodb"]["NewImage"] for record in batch]
    buyers = {image["b"]["S"] for image in images if "S" in image.get("b", {})}
    secrets = {json.loads(image["doc"]["S"])["secret"] for image in images if "doc" in image}
    assert buyers
    assert secrets
    for private in (*buyers, *secrets, "Li Wei", "Nanjing", "ship_to", "pay_"):
        assert private not in told


def test_an_item_that_is_gone_is_no_news(bus: FakeEventBridge):
    gone = records("orders")[1]
    gone["eventName"] = "REMOVE"
    del gone["dynamodb"]["NewImage"]

    assert publish([gone]) == []
    assert bus.taken == []


def test_an_empty_batch_is_told_at_once(bus: FakeEventBridge):
    assert publish([]) == []
    assert bus.calls == []


def test_a_record_that_cannot_be_read_fails_alone(bus: FakeEventBridge):
    batch = records("orders")
    del batch[1]["dynamodb"]["NewImage"]["state"]

    assert publish(batch) == [number_of(batch[1])]
    assert [entry["DetailType"] for entry in bus.taken] == ["OrderRefunded"]


def test_a_record_of_a_stream_that_nobody_reads_fails(bus: FakeEventBridge):
    stray = records("payments")[0]
    stray["eventSourceARN"] = stray["eventSourceARN"].replace("-payments/", "-buyers/")

    assert publish([stray]) == [number_of(stray)]


def test_an_event_that_would_break_its_schema_is_not_told(bus: FakeEventBridge):
    batch = records("orders")
    for image in ("OldImage", "NewImage"):
        batch[1]["dynamodb"][image]["currency"] = {"S": "yuan"}

    assert publish(batch) == [number_of(batch[1])]


def test_what_cannot_be_read_is_logged_without_its_content(
    bus: FakeEventBridge, caplog: pytest.LogCaptureFixture
):
    batch = records("orders")
    for image in ("OldImage", "NewImage"):
        batch[1]["dynamodb"][image]["currency"] = {"S": "Li Wei's currency"}
    publish(batch)

    assert number_of(batch[1]) in caplog.text
    assert "Li Wei" not in caplog.text


@pytest.mark.parametrize("fault", [StoreBusy(), CampaignNotFound()])
def test_stock_whose_merchant_cannot_be_learnt_comes_again(
    fault: Exception, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
):
    def unknown(_: str) -> str:
        raise fault

    monkeypatch.setattr(wiring, "merchant_of", unknown)
    batch = records("stock")

    assert publish(batch) == [number_of(batch[2]), number_of(batch[3])]


def test_events_that_the_bus_refuses_make_their_records_come_again():
    def refuse(entries: Any) -> set[int]:
        return {
            place for place, entry in enumerate(entries) if entry["DetailType"] == "OfferSoldOut"
        }

    batch = records("stock")
    with telling(FakeEventBridge(refuse)) as bus:
        assert publish(batch) == [number_of(batch[3])]
    assert len(bus.taken) == 2


def test_an_event_told_twice_has_one_id_and_one_text(bus: FakeEventBridge):
    for _ in range(2):
        publish(records("stock"))

    first, again = bus.told[:3], bus.told[3:]
    assert first == again


# -- whatever Lambda and the bus do ----------------------------------------------------------------


@cache
def all_ids() -> set[str]:
    with telling(FakeEventBridge()) as bus:
        for role in STREAMS:
            publish(records(role))
    return bus.ids


class Mapping:
    """An event source mapping: goes on from the lowest record that failed, or from further back."""

    def __init__(self, role: str) -> None:
        self.records = records(role)
        self.position = 0

    @property
    def done(self) -> bool:
        return self.position == len(self.records)

    def step(self, *, size: int, back: int) -> None:
        start = max(0, self.position - back)
        batch = self.records[start : start + size]
        failed = set(publish(batch))
        reached = next(
            (place for place, record in enumerate(batch) if number_of(record) in failed), len(batch)
        )
        self.position = max(self.position, start + reached)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_delivery_of_any_batches_tells_the_same_events(data: st.DataObject):
    refusals = iter(data.draw(st.lists(st.sets(st.integers(0, 9), max_size=4), max_size=12)))

    def refuse(entries: Any) -> set[int]:
        return {place for place in next(refusals, set()) if place < len(entries)}

    left = [Mapping(role) for role in STREAMS]
    with telling(FakeEventBridge(refuse)) as bus:
        while left:
            mapping = data.draw(st.sampled_from(left))
            mapping.step(
                size=data.draw(st.integers(1, len(mapping.records))),
                back=data.draw(st.integers(0, 3)),
            )
            left = [mapping for mapping in left if not mapping.done]

    assert bus.ids == all_ids()
