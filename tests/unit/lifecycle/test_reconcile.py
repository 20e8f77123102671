"""Reconciliation: whatever differs in one unit, or one minor unit of money, is named and keeps the campaign closing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import CampaignState
from shared.domain.order import Order, OrderState
from shared.domain.stock import Counters, Entry, Kind
from shared.domain.totals import Sums
from shared.use_cases.finish_orders import UNDER_WAY
from shared.use_cases.keep_books import Phase
from tests.theatre import FUJI, GALA, HOLD, Theatre


@pytest.fixture
def show() -> Theatre:
    """Drained: two orders paid, one of them over two blocks, one cancelled, one paid too late."""
    theatre = Theatre()
    theatre.go_live()
    theatre.sell(2)
    theatre.sell(30)
    theatre.check_out(theatre.reserve())
    late = theatre.check_out(theatre.reserve())
    theatre.wait(HOLD)
    theatre.beat()
    theatre.pay(late)
    theatre.close()
    theatre.wait(UNDER_WAY)
    assert theatre.beat().phase is Phase.DRAINED
    return theatre


def test_sound_books_balance(show: Theatre):
    assert show.reconcile()
    report = show.report()
    assert report["reconciliation"] == {
        "balanced": True,
        "blocks": 3,
        "orders": 4,
        "differences_found": 0,
        "differences": [],
    }
    assert report["orders"]["by_state"] == {
        "awaiting_payment": 0,
        "paid": 3,
        "fulfilled": 0,
        "cancelled": 1,
        "refunded": 0,
    }
    assert report["orders"]["late_payments"] == {"paid": 1, "refunded": {}}
    assert report["totals"]["gross"] == 33 * 9900


def test_an_address_that_was_erased_is_missed_by_no_book(show: Theatre):
    assert show.reconcile()
    before = show.totals.reports[show.id]
    for place, order in show.orders.kept.items():
        show.orders.kept[place] = replace(order, ship_to=None)
    assert show.reconcile()
    assert show.totals.reports[show.id] == before


def test_money_that_came_too_late_and_went_back_is_told_by_its_reason(show: Theatre):
    order = next(each for each in show.orders.all(show.id) if each.state is OrderState.CANCELLED)
    show.pay(order)
    assert show.reconcile()
    assert show.report()["orders"]["late_payments"] == {
        "paid": 1,
        "refunded": {"campaign_closed": 1},
    }


# -- what can differ -----------------------------------------------------------------------------------


def _block(**counters: int) -> Callable[[Theatre], None]:
    def bend(show: Theatre) -> None:
        key = (show.id, FUJI, 0)
        block = show.stock.blocks[key]
        show.stock.blocks[key] = replace(block, counters=block.counters + Counters(**counters))

    return bend


def _entry(change: Callable[[Entry], Entry | None]) -> Callable[[Theatre], None]:
    def bend(show: Theatre) -> None:
        for key, block in show.stock.blocks.items():
            for name, entry in block.ledger.items():
                if entry.kind is Kind.SOLD and entry.quantity == 2:  # all of its reservation
                    ledger = {**block.ledger, name: change(entry)}
                    kept = {name: each for name, each in ledger.items() if each is not None}
                    show.stock.blocks[key] = replace(block, ledger=kept)
                    return

    return bend


def _order(**changes: object) -> Callable[[Theatre], None]:
    def bend(show: Theatre) -> None:
        place, order = _paid(show)
        show.orders.kept[place] = replace(order, **changes)  # type: ignore[arg-type]

    return bend


def _paid(show: Theatre) -> tuple[tuple[str, str, int], Order]:
    return next(
        (place, order)
        for place, order in show.orders.kept.items()
        if order.state is OrderState.PAID and not order.attempt
    )


def _lose_order(show: Theatre) -> None:
    del show.orders.kept[_paid(show)[0]]


def _copy_order(show: Theatre) -> None:
    place, order = _paid(show)
    show.orders.kept[place[0], "twin", place[2]] = order


def _forge_id(show: Theatre) -> None:
    place, order = _paid(show)
    show.orders.kept[place] = replace(
        order, id=order.id[:-1] + ("A" if order.id[-1] != "A" else "E")
    )


def _other_snapshot(show: Theatre) -> None:
    """Somebody wrote a snapshot that is not the sum of the blocks, and the next one is not ours either."""
    current = show.snapshot()
    wrong = replace(
        current, offers=(current.offers[0] + Sums(gross=1), current.offers[1]), campaign_version=99
    )
    show.totals.snapshots[show.id] = wrong


@pytest.mark.parametrize(
    ("bend", "told"),
    [
        (_block(free=-1), "units: 40 by the allotment, 39 by the blocks"),
        (_block(gross=1), "block 0 orders, gross, refunded"),
        (_block(orders=1), "orders is"),
        (_block(refunded=5), "money kept"),
        (_block(held=1, free=-1), "units held: 1 by the ledgers, 0 by the end"),
        (_block(sold=1, free=-1), "sold is"),
        (_entry(lambda entry: None), "paid, and its units are not sold"),
        (_entry(lambda entry: entry.become(Kind.RELEASED)), "paid, and its units are not sold"),
        (_entry(lambda entry: entry.become(Kind.REFUNDED)), "units, seat, refund"),
        (_entry(lambda entry: replace(entry, quantity=entry.quantity + 1)), "units, seat, refund"),
        (_order(amount=1), "promise"),
        (_order(quantity=1), "promise"),
        (_order(currency="USD"), "promise"),
        (_order(captured=0), "money kept"),
        (_order(refunded=100), "money kept"),
        (_order(state=OrderState.CANCELLED, captured=0, paid_at=None), "sold without a paid order"),
        (_order(state=OrderState.AWAITING_PAYMENT), "is not at its end"),
        (_order(sku=GALA), "sold no"),
        (_order(sku="PEAR"), "sold no"),
        (_lose_order, "sold without a paid order"),
        (_copy_order, "not sold, or to another"),
        (_forge_id, "its id was not given out"),
        (_other_snapshot, "gross: 326700 by the ledgers, 326701 by the snapshot"),
    ],
)
def test_what_differs_is_named_and_the_campaign_stays_closing(
    show: Theatre, bend: Callable[[Theatre], None], told: str
):
    bend(show)

    assert not show.reconcile()

    report = show.report()
    assert report["balanced"] is False
    assert report["status"] == "closing"
    assert report["reconciliation"]["differences_found"] >= 1
    assert any(told in difference for difference in report["reconciliation"]["differences"])
    assert (show.campaign.status, show.campaign.balanced) == (Status.CLOSING, False)
    with pytest.raises(CampaignState):
        show.settle()
    assert not show.totals.snapshots[show.id].complete


def test_once_the_difference_is_gone_the_campaign_settles(show: Theatre):
    place, order = _paid(show)
    show.orders.kept[place] = replace(order, captured=0)
    assert not show.reconcile()
    show.orders.kept[place] = order
    assert show.reconcile()
    show.settle()
    assert show.campaign.status is Status.CLOSED
    assert show.report()["balanced"] is True


def test_many_differences_are_counted_and_the_first_listed(show: Theatre):
    for number in range(150):
        place, order = _paid(show)
        show.orders.kept[place[0], f"twin {number}", place[2]] = order
    assert not show.reconcile()
    reconciliation = show.report()["reconciliation"]
    assert reconciliation["differences_found"] >= 150
    assert len(reconciliation["differences"]) == 100
    assert reconciliation["differences"] == sorted(reconciliation["differences"])


def test_totals_that_moved_after_they_were_reconciled_are_never_called_complete(show: Theatre):
    assert show.reconcile()
    _block(gross=7)(show)
    show.wait(5)
    show.snapshot()
    with pytest.raises(CampaignState, match="moved"):
        show.settle()
    assert show.campaign.status is Status.CLOSING


def test_a_campaign_on_sale_is_not_reconciled():
    show = Theatre()
    show.go_live()
    with pytest.raises(CampaignState):
        show.reconcile()
    with pytest.raises(CampaignState):
        show.settle()


def test_a_late_payment_that_goes_back_after_the_end_does_not_touch_the_report(show: Theatre):
    show.reconcile()
    show.settle()
    report = show.totals.reports[show.id]
    order = next(each for each in show.orders.all(show.id) if each.state is OrderState.CANCELLED)
    show.pay(order)
    assert show.run_to_the_end()
    assert show.totals.reports[show.id] == report
    assert show.seen().snapshot.complete
