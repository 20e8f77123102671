"""What was acknowledged to shoppers and to their payment provider must be in the books."""

from __future__ import annotations

from collections import Counter

from local.demo.evidence import PAID, Evidence, Finding, differ


def reservations_are_kept(evidence: Evidence) -> Finding:
    """Each became an order or is asked about by its id, and all are counted. A late payment may count once more."""
    journal, placed = evidence.journal, evidence.totals["reservations"]
    late = sum(1 for capture in journal.captures if capture.late)
    promised = len(journal.reservations)
    if not promised <= placed["placed"] <= promised + late:
        yield f"{promised} were acknowledged and {late} paid late, {placed['placed']} are in the totals"
    for reservation, state in evidence.loose.items():
        # Of an unpaid reservation whose ledger entry was pruned, no more is known than that it is over.
        ends = {"expired", "released"} if reservation in journal.released else {"expired"}
        if state not in ends:
            yield f"{reservation} is {state}, not {' or '.join(sorted(ends))}"
    yield from differ("released, in the totals", placed["released"], len(journal.released))
    yield from differ("still held, in the totals", placed["held"], 0)


def checkouts_are_kept(evidence: Evidence) -> Finding:
    for order_id, promised in evidence.journal.orders.items():
        kept = evidence.orders.get(order_id)
        if kept is None:
            yield f"{order_id} was acknowledged, and is not listed"
        else:
            for name in ("sku", "quantity", "unit_price", "amount", "currency"):
                yield from differ(f"{name} of {order_id}", kept[name], promised[name])
    for order_id in evidence.orders.keys() - evidence.journal.orders.keys():
        yield f"{order_id} is listed, and nobody checked it out"


def prices_are_promised(evidence: Evidence) -> Finding:
    """
    The list price of the plan or of the host, a flash price of it, or what the coupon leaves that was named: not above the
    list price, and not below the floor.
    """
    campaign = evidence.campaign
    cues = [*campaign["run_of_show"], *campaign["improvised"]]
    listed = {
        *evidence.prices.items(),
        *((cue["sku"], cue["unit_price"]) for cue in cues if cue["cue"] == "price"),
    }
    flashed = {(cue["sku"], cue["unit_price"]) for cue in cues if cue["cue"] == "flash_price"}
    percent = {cue["code"]: cue["percent_off"] for cue in cues if cue["cue"] == "coupon"}
    floors = {offer["sku"]: offer.get("min_unit_price") for offer in campaign["offers"]}
    for reservation in evidence.journal.reservations.values():
        sku, price, quantity = (reservation[name] for name in ("sku", "unit_price", "quantity"))
        full, code = reservation["list_price"], reservation["coupon"]
        fair = {price for of, price in flashed if of == sku} | {full}
        if code is not None:
            # Half a minor unit is the buyer's.
            fair = {full - (2 * full * percent[code] + 100) // 200}
        floor = floors[sku] if floors[sku] is not None else -(-evidence.prices[sku] // 10)
        if (
            (sku, full) not in listed
            or price not in fair
            or not floor <= price <= full
            or reservation["amount"] != price * quantity
        ):
            yield f"{quantity} of {sku} at {price} (list {full}, {code}) for {reservation['amount']}"


def coupons_are_kept_to(evidence: Evidence) -> Finding:
    """No more orders with a coupon than it is for, and no buyer has used it more often than they may."""
    for cue in evidence.campaign["run_of_show"]:
        if cue["cue"] != "coupon":
            continue
        used = [order for order in evidence.paid if order["coupon"] == cue["code"]]
        if cue["uses"] is not None and len(used) > cue["uses"]:
            yield f"{cue['code']}: {len(used)} orders, where {cue['uses']} may have it"
        by_buyer = Counter(evidence.buyer_of(order["id"]) for order in used)
        for buyer, times in by_buyer.items():
            if cue["uses_per_buyer"] is not None and times > cue["uses_per_buyer"]:
                yield f"{cue['code']}: {buyer} has used it {times} times"


def nobody_is_left_in_line(evidence: Evidence) -> Finding:
    for ticket, state in evidence.journal.line.items():
        if state == "waiting":
            yield f"{ticket} still waits"


def payments_end_somewhere(evidence: Evidence) -> Finding:
    """A payment of the right amount is the order's or went back; one of a wrong amount has moved nothing."""
    for capture in evidence.journal.captures:
        state = evidence.orders.get(capture.order, {}).get("state", "not listed")
        if capture.wrong:
            yield from differ(f"a wrong amount for {capture.order}", capture.outcome, "quarantined")
        elif state not in PAID | {"refunded"}:
            yield f"{capture.order} was paid {capture.amount}, and is {state}"


def orders_are_paid_for(evidence: Evidence) -> Finding:
    """And nobody got anything for a forged webhook, or for a wrong amount."""
    captured = evidence.captured
    for order in evidence.orders.values():
        paid = order["state"] in PAID | {"refunded"}
        due = order["amount"] if paid else 0
        yield from differ(
            f"captured for {order['id']}, {order['state']}", captured[order["id"]], due
        )


def webhooks_arrive(evidence: Evidence) -> Finding:
    yield from differ("webhooks that were never taken", evidence.journal.under_way, 0)


def repetitions_agree(evidence: Evidence) -> Finding:
    for replay in evidence.journal.replays:
        if replay.first != replay.again:
            yield f"{replay.what} answered {replay.first}, and then {replay.again}"


def answers_are_known(evidence: Evidence) -> Finding:
    yield from evidence.journal.surprises


def parcels_are_requested(evidence: Evidence) -> Finding:
    """Of each order that was paid and kept, and of no other: what the fulfiller's file has is what the orders say."""
    if not evidence.hand_off:
        return
    kept = [order for order in evidence.orders.values() if order["state"] in PAID]
    needing = [order for order in kept if order["needs_attention"]]
    for order in kept:
        if order["state"] != "fulfilled" and not order["needs_attention"]:
            yield f"{order['id']} is {order['state']}, and handed to nobody"
    for file in evidence.hand_off["files"]:
        yield from differ(f"parcels in {file['name']}", file["rows"], len(kept) - len(needing))
