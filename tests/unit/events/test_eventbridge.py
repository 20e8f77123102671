"""Events put on the bus, ten at a time, until each is taken or refused for good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.adapters.eventbridge import EventBridgeBus, batches, size_of
from shared.contracts.events import OfferSoldOut, Published, published
from shared.domain.events import Event, EventName, event_id
from tests.unit.events.fake_eventbridge import FakeEventBridge
from tests.unit.events.records import AT


def sold_out(number: int) -> Published:
    return published(
        Event(
            name=EventName.OFFER_SOLD_OUT,
            id=event_id(EventName.OFFER_SOLD_OUT, number),
            occurred_at=AT,
            merchant="mer_washington",
            campaign="cmp_" + "b" * 16,
            data={"sku": f"FUJI-{number}", "counted_at": AT + 0.25},
        )
    )


def bus(client: object) -> EventBridgeBus:
    return EventBridgeBus(cast(Any, client), "livehour-local", pause=lambda _: None)


def test_an_entry_bears_the_source_the_name_and_the_time_of_what_happened():
    client = FakeEventBridge()
    assert bus(client).tell([sold_out(1)]) == set()

    (entry,) = client.taken
    assert (entry["Source"], entry["DetailType"]) == ("livehour", "OfferSoldOut")
    assert entry["EventBusName"] == "livehour-local"
    assert entry["Time"] == datetime.fromtimestamp(AT, UTC)


def test_no_call_carries_more_than_ten_entries():
    client = FakeEventBridge()
    bus(client).tell([sold_out(number) for number in range(23)])

    assert client.calls == [10, 10, 3]


def test_no_call_carries_more_than_256_kilobytes_unless_one_event_alone_does():
    small, large = sold_out(1), sold_out(2)
    assert isinstance(large, OfferSoldOut)
    big = large.model_copy(update={"merchant": "m" * 150_000})
    huge = large.model_copy(update={"merchant": "m" * 300_000})

    assert [len(batch) for batch in batches([small, big, small, big, huge, small])] == [3, 1, 1, 1]
    assert size_of(huge) > 256 * 1024


def test_sizes_are_counted_in_bytes():
    plain = sold_out(1)
    assert isinstance(plain, OfferSoldOut)
    apples = plain.model_copy(update={"merchant": "苹果"})

    assert size_of(apples) == size_of(plain.model_copy(update={"merchant": "apples"}))


def test_nothing_to_tell_makes_no_call():
    client = FakeEventBridge()
    assert bus(client).tell([]) == set()
    assert client.calls == []


def test_what_was_refused_is_asked_again_alone():
    refusals = iter([{1, 3}, {0}, set()])
    client = FakeEventBridge(lambda _: next(refusals))
    events = [sold_out(number) for number in range(5)]

    assert bus(client).tell(events) == set()
    assert client.calls == [5, 2, 1]
    assert client.ids == {event.id for event in events}


def test_what_is_refused_for_good_is_named_and_the_rest_is_told():
    client = FakeEventBridge(
        lambda entries: {
            place for place, entry in enumerate(entries) if "FUJI-2" in entry["Detail"]
        }
    )
    events = [sold_out(number) for number in range(5)]

    assert bus(client).tell(events) == {events[2].id}
    assert len(client.ids) == 4


@pytest.mark.parametrize(
    "fault",
    [
        EndpointConnectionError(endpoint_url="https://events"),
        ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents"),
        ClientError({"Error": {"Code": "InternalFailure"}}, "PutEvents"),
    ],
    ids=["unreachable", "throttled", "broken"],
)
def test_a_bus_that_cannot_be_reached_has_taken_nothing(fault: Exception):
    class Down:
        def put_events(self, **_: object) -> None:
            raise fault

    events = [sold_out(number) for number in range(12)]
    assert bus(Down()).tell(events) == {event.id for event in events}


def test_an_answer_that_is_a_fault_of_ours_is_not_hidden():
    class Forbidden:
        def put_events(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents")

    with pytest.raises(ClientError):
        bus(Forbidden()).tell([sold_out(1)])
