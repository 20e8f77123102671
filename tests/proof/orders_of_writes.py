"""What keeps a sale right beside the conditions of its writes: which comes first, and what is looked at before."""

from __future__ import annotations

from shared.domain import events, payment, stock
from shared.use_cases import (
    close_campaign,
    finish_orders,
    keep_stock,
    limit_buyer,
    prepare_stock,
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
        settle_hold._settle,
        "kind if now < check.deadline else Kind.EXPIRED, amount)",
        "kind, amount) if now < check.deadline else tail_of(stock, shelf, check)",
    ),
    Mutation(
        "a hold is told as expired by the clock alone",
        settle_hold.tell,
        "if tail is not None and tail.kind is Kind.HELD and (tail.deadline <= now):",
        "if False:",
        tests="tests/unit/stock/test_reserve.py",
    ),
    Mutation(
        "parts go back before the path is ended for all who walk it",
        take_units._Path._give_up,
        "return _Step(Entry(Kind.VOID, 0, self._deadline), self._void(over))",
        "self._give_back()\n    raise SoldOut(available=left)",
    ),
    Mutation(
        "the beat leaves parts to themselves",
        keep_stock._mend,
        "if tail.kind is Kind.HELD:",
        "if True:",
    ),
    Mutation(
        "the beat takes an older life's end for that of a path which is being walked",
        keep_stock._mend,
        "if tail is None or tail.deadline < part.deadline:",
        "if tail is None:",
        tests="tests/unit/stock/test_keep_stock.py",
    ),
    Mutation(
        "the beat forgets the way to what a buyer has bought",
        keep_stock.keep_stock,
        "*(way for way in block.forwards(now) if not _leads_to_a_sale(kept, *way))",
        "*block.forwards(now)",
        tests="tests/unit/stock/test_keep_stock.py",
    ),
    Mutation(
        "what only the plan tells is told as of now",
        take_snapshot.take_snapshot,
        "at = min(at, read_at)",
        "pass",
        tests="tests/unit/totals/test_read_totals.py",
    ),
    Mutation(
        "a campaign says it is closing before its blocks are stamped",
        close_campaign.close_campaign,
        "_stamp(stock, campaign)",
        "pass",
        tests="tests/unit/lifecycle/test_close_campaign.py",
    ),
    Mutation(
        "an overdue hold is replaced and its units are forgotten",
        stock._place,
        "moved = moved + _unheld(over, Kind.EXPIRED)",
        "pass",
        tests="tests/unit/stock/test_take_units.py",
    ),
    Mutation(
        "an order is cancelled while its units are held",
        finish_orders._finish_one,
        "if tail is not None and tail.kind is Kind.HELD:",
        "if False:",
        tests="tests/unit/orders/test_finish_orders.py",
    ),
    Mutation(
        "an order is cancelled though its units are sold",
        finish_orders._finish_one,
        "if tail is not None and tail.kind in (Kind.SOLD, Kind.REFUNDED):",
        "if False:",
        tests="tests/unit/orders/test_finish_orders.py",
    ),
    Mutation(
        "a hold is settled whatever its deadline",
        settle_hold._settle,
        "kind if now < check.deadline else Kind.EXPIRED",
        "kind",
    ),
    Mutation(
        "totals say they are younger than what was counted",
        take_snapshot.take_snapshot,
        "after = next_snapshot(before, campaign, sums_of(campaign, blocks), as_of=at)",
        "after = next_snapshot(before, campaign, sums_of(campaign, blocks), as_of=clock())",
        tests="tests/unit/totals",
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
        tests="tests/unit/campaigns/test_run_campaign.py",
    ),
    Mutation(
        "a buyer's requests are forgotten while they hold units",
        limit_buyer._truth,
        "if tail.kind is Kind.HELD:",
        "if False:",
        tests="tests/unit/stock/test_reserve.py",
    ),
    Mutation(
        "one key counts for one quantity and takes another",
        limit_buyer.claim_units,
        "if counted.units != claim.units:",
        "if False:",
        tests="tests/unit/stock/test_reserve.py",
    ),
    Mutation(
        "whatever is signed is believed",
        payment.doubt_about,
        "if event.amount != order.amount:",
        "if False:",
        tests="tests/unit/orders/test_quarantine.py",
    ),
    Mutation(
        "an event's id depends on when it was told",
        events.event_id,
        "for part in map(str, what)",
        "for part in map(str, (*what, __import__('random').random()))",
    ),
)
