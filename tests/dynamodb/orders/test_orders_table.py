"""Orders in DynamoDB: what is written is read, under conditions that hold, in items of one write unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared import table
from shared.adapters import dynamodb_payments, dynamodb_stream
from shared.adapters.dynamodb_order_items import key_of
from shared.domain.order import (
    MOST_REMEMBERED,
    Attention,
    Order,
    OrderState,
    RefundReason,
    Seat,
)
from shared.domain.payment import (
    Doubt,
    ParkedEvent,
    PaymentEvent,
    PaymentKind,
    QuarantinedPayment,
)
from tests.dynamodb.orders.conftest import MakeShop
from tests.shop import HOLD, Shop

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_an_order_is_read_as_it_was_placed(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()

    assert shop.read(order) == order


def test_a_second_order_of_the_same_reservation_is_not_placed(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()

    assert shop.orders.place(replace(order, created_at=order.created_at + 1)) == order
    # The very same again is a try of the SDK's after a lost answer.
    assert shop.orders.place(order) is None


def versions(order: Order) -> list[Order]:
    """Every attribute set, and removed again."""
    failed = order.failed("evt_" + "z" * 28)
    seeking = failed.seeking(until=order.expires_at + 60)
    seated = seeking.seated(Seat(block=12, key="AbCd_-09", units=3))
    again = seated.seeking(until=order.expires_at + 600)
    refunding = again.refunding(RefundReason.BUYER_LIMIT_REACHED)
    paid = again.seated(Seat(block=12, key="AbCd_-09", units=3)).paid(order.expires_at + 601)
    handing = paid.handing_over("file")
    fulfilled = handing.fulfilled(order.expires_at + 602)
    return [
        *(failed, seeking, seated, again, refunding, refunding.gave_back()),
        *_over(refunding.version + 1, paid, handing, fulfilled),
        *_over(refunding.version + 4, handing.needing_attention(Attention.ADDRESS_INCOMPLETE)),
        *_over(refunding.version + 5, fulfilled.erased(order.expires_at + 603)),
    ]


def _over(version: int, *orders: Order) -> list[Order]:
    """As if each was made from the one that stands."""
    return [replace(each, version=version + place + 1) for place, each in enumerate(orders)]


def test_every_version_is_read_as_it_was_saved(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    for version in versions(order):
        assert shop.orders.save(version) is None
        assert shop.read(order) == version


def test_an_order_is_saved_over_the_version_it_was_made_from_only(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    shop.orders.save(order.failed("msg_1"))

    assert shop.orders.save(order.cancelled()) == order.failed("msg_1")
    assert shop.read(order).state is OrderState.AWAITING_PAYMENT


def again(order: Order, number: int, **changes: Any) -> Order:
    """Checked out once more."""
    fields: dict[str, Any] = {
        "payment_id": f"pi_{number:024}",
        "payment_action": {"type": "stripe", "client_secret": f"pi_{number:024}_secret_{'y' * 25}"},
        "request": f"{number:018x}",
        "fingerprint": "f0" * 9,
        "ship_to": b"another address",
        **changes,
    }
    return order.replacing(**fields)


def test_an_order_that_is_checked_out_again_is_read_as_it_was_saved(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    first = order.payment_id
    shop.orders.save(order.erased(7))
    order = shop.read(order)
    for number in range(MOST_REMEMBERED + 2):
        replacing = again(order, number)
        for _ in range(2):
            # The same again, as by an attempt whose answer was lost: it is done.
            assert shop.orders.save_checkout(replacing) is None
        assert shop.read(order) == replacing
        order = replacing.with_replaced_gone()
        assert shop.orders.save(order) is None
        assert shop.read(order) == order
    assert order.erased_at is None
    assert not order.had_payment(first)
    assert order.had_payment(f"pi_{MOST_REMEMBERED:024}")
    assert order.was_requested(f"{MOST_REMEMBERED:018x}")
    last = again(order, 99)
    shop.orders.save_checkout(last)
    adopted = last.adopting(order.payment_id)
    assert shop.orders.save(adopted) is None
    assert shop.read(order) == adopted
    assert shop.orders.save_checkout(again(order, 100)) == adopted


def item_of(client: DynamoDBClient, order: Order) -> dict[str, Any]:
    shard = table.order_shard(order.key)
    return client.get_item(
        TableName="orders",
        Key={
            table.ORDER_PARTITION: {"S": table.order_partition(order.campaign_id, shard)},
            table.ORDER_SORT: {"S": table.order_sort(order.expires_at, order.key)},
        },
    )["Item"]


def size(item: dict[str, Any]) -> int:
    """Bytes of an item by AWS's rules."""
    total = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        is_number = kind == "N"
        content_size = table.number_size(int(content)) if is_number else len(_bytes(content))
        total += len(name) + content_size
    return total


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def test_a_usual_order_takes_one_write_unit_in_every_version(
    make_shop: MakeShop, dynamodb: DynamoDBClient
):
    shop = make_shop()
    order = shop.order()
    sizes = [size(item_of(dynamodb, order))]
    for version in versions(order):
        shop.orders.save(version)
        sizes.append(size(item_of(dynamodb, order)))

    assert max(sizes) < table.WRITE_UNIT * 0.7, sizes


STRIPES: dict[str, Any] = {
    # As long as Stripe's have been for years.
    "provider": "stripe",
    "payment_id": "pi_" + "x" * 24,
    "payment_action": {
        "type": "stripe",
        "client_secret": f"pi_{'x' * 24}_secret_{'y' * 25}",
    },
}


SEALED = {"usual": (500, 1), "long": (1_400, 2), "longest": (table.LARGEST_SHIP_TO, 3)}
"""Bytes of an address, and write units of the longest of everything with it."""


@pytest.mark.parametrize("address", SEALED)
@pytest.mark.parametrize("payment", [{}, STRIPES], ids=["test", "stripe"])
def test_the_longest_of_everything_takes_one_write_unit_and_a_long_address_one_or_two_more(
    address: str, payment: dict[str, Any], make_shop: MakeShop, dynamodb: DynamoDBClient
):
    sealed, units = SEALED[address]
    shop = make_shop()
    order = replace(
        shop.order(),
        key="longest_",
        merchant="mer_" + "m" * 28,
        sku="S" * 32,
        quantity=100,
        amount=100 * 10**12 - 1,
        ship_to=b"x" * sealed,
        **payment,
    )
    shop.orders.place(order)
    sizes = [size(item_of(dynamodb, order))]
    for version in versions(order):
        shop.orders.save(version)
        sizes.append(size(item_of(dynamodb, order)))

    assert max(sizes) <= table.WRITE_UNIT * units, sizes


def test_those_that_wait_for_a_person_are_listed_apart_newest_first(make_shop: MakeShop):
    shop = make_shop(64)
    made = []
    for number in range(30):
        made.append(shop.order(f"buyer-{number}"))
        shop.now += number % 4 == 0
    waiting = []
    for number, order in enumerate(made):
        shop.pay(order, f"msg_{number}")
        if number % 3:
            paid = shop.read(order)
            assert shop.orders.save(paid.needing_attention(Attention.ADDRESS_INCOMPLETE)) is None
            waiting.append(order)
    newest_first = sorted(waiting, key=lambda order: (order.expires_at, order.key), reverse=True)

    seen: list[Order] = []
    while page := shop.orders.needing_attention(
        shop.campaign.id,
        before=seen[-1].claim(shop.campaign.secret) if seen else None,
        limit=6,
    ):
        assert len(page) <= 6
        seen += page

    assert [order.id for order in seen] == [order.id for order in newest_first]
    assert {order.ship_to for order in seen} == {None}
    mended = shop.read(waiting[0])
    assert shop.orders.save(mended.readdressed(b"sealed")) is None
    left = shop.orders.needing_attention(shop.campaign.id, before=None, limit=100)
    assert mended.id not in {order.id for order in left}
    assert len(left) == len(waiting) - 1
    assert shop.read(mended).ship_to == b"sealed"
    # Refunds under way are in the same index, and are none of these; nor these of those.
    assert list(shop.refunds.under_way(until=2**40)) == []
    assert shop.orders.needing_attention("cmp_" + "z" * 16, before=None, limit=5) == []


def test_an_order_that_was_read_without_its_address_does_not_lose_it(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    (bare,) = shop.orders.all(shop.campaign.id)
    assert bare.ship_to is None
    assert shop.orders.save(bare.paid(shop.now)) is None
    assert shop.read(order).ship_to == order.ship_to is not None


def test_a_usual_order_that_is_checked_out_again_and_again_takes_one_write_unit(
    make_shop: MakeShop, dynamodb: DynamoDBClient
):
    shop = make_shop()
    order = shop.order()
    for number in range(2 * MOST_REMEMBERED):
        order = again(order, number, ship_to=b"x" * 250)
        shop.orders.save_checkout(order)
        assert size(item_of(dynamodb, order)) <= table.WRITE_UNIT
        order = order.with_replaced_gone()
        shop.orders.save(order)
    for version in versions(order):
        shop.orders.save(version)
        assert size(item_of(dynamodb, order)) <= table.WRITE_UNIT


def test_lists_are_newest_first_over_all_shards_and_leave_out_addresses_and_notes(
    make_shop: MakeShop,
):
    shop = make_shop(64)
    made = []
    for number in range(40):
        made.append(shop.order(f"buyer-{number}"))
        shop.now += number % 2
    for order in made[:5]:
        shop.orders.remind(order, at=order.expires_at + 60)
    newest_first = sorted(made, key=lambda order: (order.expires_at, order.key), reverse=True)

    seen: list[Order] = []
    while page := shop.orders.page(
        shop.campaign.id,
        before=seen[-1].claim(shop.campaign.secret) if seen else None,
        limit=7,
    ):
        seen += page

    assert [order.id for order in seen] == [order.id for order in newest_first]
    assert len({table.order_shard(order.key) for order in made}) > 8
    assert {order.ship_to for order in seen} == {None}
    assert len(shop.orders.page(shop.campaign.id, before=None, limit=100)) == 40


def test_a_long_list_is_merged_rightly_when_one_shard_has_most_of_it(make_shop: MakeShop):
    shop = make_shop()
    first = shop.order()
    keys = [f"AAAA{first:02d}{second:02d}" for first in range(10) for second in range(4)]
    same_shard = [key for key in keys if table.order_shard(key) == table.order_shard(keys[0])]
    others = [key for key in keys if key not in same_shard][:3]
    for place, key in enumerate([*same_shard, *others]):
        shop.orders.place(replace(first, key=key, expires_at=first.expires_at + 1 + place))

    page = shop.orders.page(shop.campaign.id, before=None, limit=100)

    expiries = [order.expires_at for order in page]
    assert expiries == sorted(expiries, reverse=True)
    assert len(page) == len(same_shard) + 4


def ended(shop: Shop, since: int, until: int) -> set[str]:
    return {o.id for o in shop.orders.ended(shop.campaign.id, since=since, until=until)}


def test_the_orders_whose_hold_ended_are_found_by_the_second(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    end = order.expires_at

    assert ended(shop, end - 1, end) == {order.id}
    assert ended(shop, end - 100, end + 100) == {order.id}
    assert ended(shop, end, end + 100) == set()
    assert ended(shop, end - 100, end - 1) == set()


def test_orders_that_are_finished_are_not_looked_at_again(make_shop: MakeShop):
    shop = make_shop()
    paid, cancelled, seeking, waiting = (shop.order(buyer) for buyer in ("a", "b", "c", "d"))
    shop.orders.save(paid.paid(shop.now))
    shop.orders.save(cancelled.cancelled())
    late = seeking.cancelled()
    shop.orders.save(late)
    shop.orders.save(late.seeking(until=shop.now + 60))

    found = ended(shop, shop.now, shop.now + HOLD)

    assert found == {seeking.id, waiting.id}
    assert {o.id for o in shop.orders.unsettled(shop.campaign.id)} == found
    assert {o.id for o in shop.orders.all(shop.campaign.id)} == {
        paid.id,
        cancelled.id,
        seeking.id,
        waiting.id,
    }


def test_a_reminder_brings_an_order_back_while_its_money_has_no_place(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    at = order.expires_at + 1860
    shop.orders.remind(order, at=at)
    shop.orders.remind(order, at=at)
    assert ended(shop, at - 1, at) == set()

    seeking = order.seeking(until=at)
    shop.orders.save(seeking)
    assert ended(shop, at - 1, at) == {order.id}
    assert ended(shop, at, at + 100) == set()

    shop.orders.save(seeking.refunding(RefundReason.SOLD_OUT))
    assert ended(shop, at - 1, at) == {order.id}
    shop.orders.save(seeking.refunding(RefundReason.SOLD_OUT).gave_back())
    assert ended(shop, at - 1, at) == set()
    assert [o.id for o in shop.orders.all(shop.campaign.id)] == [order.id]


def test_another_campaigns_orders_are_never_met(make_shop: MakeShop):
    one, two = make_shop(), make_shop()
    order = one.order()

    assert list(two.orders.all(two.campaign.id)) == []
    assert two.orders.page(two.campaign.id, before=None, limit=5) == []
    assert [o.id for o in one.orders.all(one.campaign.id)] == [order.id]


@pytest.mark.parametrize(
    "payment",
    [
        QuarantinedPayment(id="test#1", provider="test", doubt=Doubt.MALFORMED, received_at=5),
        QuarantinedPayment(
            id="test#2",
            provider="test",
            doubt=Doubt.WRONG_AMOUNT,
            received_at=5,
            kind="payment.succeeded",
            payment_id="富士\x00",
            order_id="x",
            amount="9" * 128,
            currency="CNY",
            livemode=False,
            merchant="mer_1",
            campaign_id="cmp_1",
        ),
    ],
)
def test_a_quarantined_event_is_kept_once_and_read_as_it_was(
    make_shop: MakeShop, dynamodb: DynamoDBClient, payment: QuarantinedPayment
):
    shop = make_shop()
    payment = replace(payment, id=payment.id + shop.campaign.id)

    assert shop.quarantine.keep(payment) is True
    assert shop.quarantine.keep(replace(payment, received_at=9)) is False

    item = dynamodb.get_item(TableName="payments", Key={"id": {"S": payment.id}})["Item"]
    assert dynamodb_payments.decode(item) == payment


# -- events that came too early ------------------------------------------------------------------------


def parked(shop: Shop, order: Order) -> ParkedEvent:
    event = PaymentEvent(
        id="evt_early",
        kind=PaymentKind.SUCCEEDED,
        payment_id=order.payment_id,
        order_id=order.id,
        amount=order.amount,
        currency=order.currency,
        livemode=False,
        merchant=order.merchant,
    )
    return ParkedEvent(provider="test", event=event, since=shop.now)


def test_a_parked_event_is_found_by_the_beat_and_by_nobody_else(
    make_shop: MakeShop, dynamodb: DynamoDBClient
):
    shop = make_shop()
    order = shop.order()
    waits = parked(shop, order)
    check = order.claim(shop.campaign.secret)

    # Twice: the sender was not told that it was kept.
    shop.orders.park(check, waits)
    shop.orders.park(check, waits)

    found = list(shop.orders.ended(shop.campaign.id, since=shop.now, until=shop.now + 1))
    assert found == [waits]
    assert waits in list(shop.orders.unsettled(shop.campaign.id))
    assert shop.orders.page(shop.campaign.id, before=None, limit=10)[0].id == order.id
    assert [kept.id for kept in shop.orders.all(shop.campaign.id)] == [order.id]
    items = dynamodb.query(
        TableName="orders",
        KeyConditionExpression="p = :p",
        ExpressionAttributeValues={":p": {"S": key_of(shop.campaign.id, order.key, 0)["p"]["S"]}},
    )["Items"]
    assert len(items) == 2
    assert max(size(item) for item in items) < table.WRITE_UNIT


def test_an_event_that_waits_is_no_news_on_the_bus(make_shop: MakeShop, dynamodb: DynamoDBClient):
    shop = make_shop()
    order = shop.order()
    shop.orders.park(order.claim(shop.campaign.secret), parked(shop, order))
    key = key_of(shop.campaign.id, order.key, 0)["p"]
    items = dynamodb.query(
        TableName="orders",
        KeyConditionExpression="p = :p",
        ExpressionAttributeValues={":p": key},
    )["Items"]
    (note,) = [item for item in items if table.ORDER_EVENT in item]

    assert dynamodb_stream._order(0.0, None, note) is None
