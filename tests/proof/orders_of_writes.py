"""What keeps a sale right beside the conditions of its writes: which comes first, and what is looked at before."""

from __future__ import annotations

from shared.domain import payment, stock
from shared.use_cases import (
    close_campaign,
    finish_orders,
    keep_stock,
    limit_buyer,
    prepare_stock,
    read_changes,
    run_campaign,
    settle_hold,
    settle_payment,
    take_snapshot,
    take_units,
)
from tests.proof.mutations import Mutation

MUTATIONS = (
    Mutation(
        "an order is paid before its units are sold",
        settle_payment._next,
        "if _sell(books, campaign, order, now):",
        "if books.orders.save(order.paid(now)) is None and _sell(books, campaign, order, now):",
    ),
    Mutation(
        "an order is paid and its units are left to the beat",
        settle_payment._next,
        "if _sell(books, campaign, order, now):",
        "if order.attempt == 0:",
    ),
    Mutation(
        "units are looked for again while the first may still be sold",
        settle_payment._sell,
        "_, state = expire_hold(books.stock, place, check, now=now)",
        "pass",
    ),
    Mutation(
        "late units are sold before the order says where they are",
        settle_payment._take,
        "return order.seated(Seat(block=taken.block, key=taken.key, units=taken.tail.quantity))",
        "from dataclasses import replace\n    seat = Seat(block=taken.block, key=taken.key, units=taken.tail.quantity)\n"
        "    confirm_hold(books.stock, place, order.seated(seat).claim(campaign.secret), amount=order.amount, now=now)\n"
        "    return order.seated(seat)",
    ),
    Mutation(
        "a late payment is refunded though the show is open and has units",
        settle_payment._seek,
        "if not campaign.is_selling(now):",
        "if campaign.closes_at <= now + 10**6 and books.orders.save(order.seeking(until=now + 60)) is None:",
    ),
    Mutation(
        "parts go back before the path is ended for all who walk it",
        take_units._Path._give_up,
        "return _Step(Entry(Kind.VOID, 0, self._deadline), self._void(over))",
        "self._give_back()\n    raise SoldOut(available=left)",
    ),
    Mutation(
        "the beat gives parts back before it has ended their path",
        keep_stock._mend,
        "tail = Entry(Kind.VOID, 0, part.deadline) if stock.amend(shelf, end, ending).done else None",
        "tail = Entry(Kind.VOID, 0, part.deadline)",
    ),
    Mutation(
        "the beat leaves parts to themselves",
        keep_stock._mend,
        "if tail is not None and tail.kind is not Kind.HELD:",
        "if False:",
    ),
    Mutation(
        "a campaign says it is closing before its blocks are stamped",
        close_campaign.close_campaign,
        "_stamp(stock, campaign)",
        "pass",
    ),
    Mutation(
        "an overdue hold is replaced and its units are forgotten",
        stock._place,
        "moved = moved + _unheld(over, Kind.EXPIRED)",
        "pass",
    ),
    Mutation(
        "an order is cancelled while its units are held",
        finish_orders._finish_one,
        "if tail is not None and tail.kind is Kind.HELD:",
        "if False:",
    ),
    Mutation(
        "an order is cancelled though its units are sold",
        finish_orders._finish_one,
        "if tail is not None and tail.kind in (Kind.SOLD, Kind.REFUNDED):",
        "if False:",
    ),
    Mutation(
        "a hold is settled whatever its deadline",
        settle_hold._resolve,
        "if (now < check.deadline) is (kind is not Kind.EXPIRED):",
        "if True:",
    ),
    Mutation(
        "totals say they are younger than what was counted",
        take_snapshot.take_snapshot,
        "after = next_snapshot(before, campaign, sums_of(campaign, blocks), as_of=at)",
        "after = next_snapshot(before, campaign, sums_of(campaign, blocks), as_of=clock())",
    ),
    Mutation(
        "the plan is frozen again by a second run",
        prepare_stock.freeze,
        "if campaign.prepared_at is not None or is_abandoned(campaign):",
        "if is_abandoned(campaign):",
    ),
    Mutation(
        "the answer of a command is not kept with the campaign",
        run_campaign.ShowRunner.command,
        "self._campaigns.save(after, answered=answered, now=now)",
        "self._campaigns.save(after)",
    ),
    Mutation(
        "a buyer's requests are forgotten while they hold units",
        limit_buyer._truth,
        "if tail.kind is Kind.HELD:",
        "if False:",
    ),
    Mutation(
        "one key counts for one quantity and takes another",
        limit_buyer.claim_units,
        "if counted.units != claim.units:",
        "if False:",
    ),
    Mutation(
        "whatever is signed is believed",
        payment.doubt_about,
        "if event.amount != order.amount:",
        "if False:",
    ),
    Mutation(
        "an event's id depends on when it was told",
        read_changes.event_id,
        "for part in map(str, what)",
        "for part in map(str, (*what, __import__('random').random()))",
    ),
)
