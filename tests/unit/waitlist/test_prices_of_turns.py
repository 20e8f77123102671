"""What buyers who waited are offered their units at: one test for each row of docs/prices.md that is about a waitlist."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.campaign import Cue
from shared.domain.claim_check import verify
from shared.domain.errors import CouponNotOpen, IdempotencyKeyReused
from shared.domain.waitlist import CouponResult, TicketState
from shared.use_cases.claim_use import shelf_of_uses
from shared.use_cases.join_waitlist import TicketView
from tests.fakes import Crash
from tests.theatre import FUJI
from tests.unit.waitlist.test_serve_line import TURN, LineTheatre

LIST = 9900


def coupon(code: str = "Apple10", **facts: Any) -> Cue:
    plain = {"at": 0, "code": code, "seconds": 900, "percent_off": 10}
    return Cue(cue="coupon", **{**plain, **facts})


def everybodys(**facts: Any) -> Cue:
    return coupon("All", automatic=True, **{"percent_off": 20, **facts})


def flash(**facts: Any) -> Cue:
    plain = {"at": 0, "sku": FUJI, "unit_price": 7900, "seconds": 900}
    return Cue(cue="flash_price", **{**plain, **facts})


def turn(show: LineTheatre, view: TicketView) -> tuple[int, str | None, CouponResult | None]:
    """Price, coupon and what is said of the code, of a turn that has come."""
    seen = show.look(view)
    assert seen.state is TicketState.OFFERED
    assert seen.reservation is not None
    check = seen.reservation.check
    assert verify(seen.reservation.id.removeprefix("rsv_"), show.campaign.secret) == check
    order = show.check_out(seen.reservation, buyer=BUYERS[view.ticket.buyer])
    assert order.unit_price == check.unit_price
    return check.unit_price, seen.reservation.coupon, seen.coupon_result


BUYERS: dict[str, str] = {}


def join(show: LineTheatre, buyer: str, code: str | None = None, units: int = 1) -> TicketView:
    view = show.join(buyer, units, code)
    BUYERS[view.ticket.buyer] = buyer
    return view


def uses(show: LineTheatre, number: int, cap: int) -> tuple[int, int]:
    """Free and held."""
    blocks = show.stock.read_all(shelf_of_uses(show.campaign, number, cap))
    free = sum(block.counters.free for block in blocks)
    return free, sum(block.counters.held for block in blocks)


def test_who_waited_pays_what_everybody_pays_by_an_automatic_coupon():
    show = LineTheatre(everybodys())
    ben = join(show, "ben")
    show.release(show.held)
    show.serve()
    assert turn(show, ben) == (7920, "All", None)


def test_the_price_is_that_of_the_second_of_the_offer_and_not_of_the_join():
    show = LineTheatre(everybodys(seconds=100), flash(at=100, seconds=800, unit_price=7000))
    ben = join(show, "ben")
    show.wait(100)
    show.serve()
    assert turn(show, ben)[0] == 7000


def test_a_code_that_was_named_at_the_join_is_had_when_the_turn_comes():
    show = LineTheatre(coupon(uses=1, uses_per_buyer=1))
    ben, cleo = join(show, "ben", "aPPLE10"), join(show, "cleo")
    assert show.look(ben).coupon_result is None
    show.release(show.held)
    show.serve()
    assert turn(show, ben) == (8910, "Apple10", CouponResult.APPLIED)
    assert turn(show, cleo) == (LIST, None, None)
    assert uses(show, 1, 1) == (0, 1)


def test_a_code_that_is_used_up_by_then_gives_way_to_the_next_best_price_and_the_ticket_says_so():
    show = LineTheatre(coupon(uses=1), everybodys(percent_off=5))
    ben, cleo = join(show, "ben", "apple10"), join(show, "cleo", "apple10")
    show.release(show.held)
    show.serve()
    assert turn(show, ben) == (8910, "Apple10", CouponResult.APPLIED)
    assert turn(show, cleo) == (9405, "All", CouponResult.UNAVAILABLE)


def test_a_code_that_is_not_open_any_more_gives_way_too():
    show = LineTheatre(coupon(seconds=20))
    ben = join(show, "ben", "apple10")
    show.wait(20)
    show.release(show.held)
    show.serve()
    assert turn(show, ben) == (LIST, None, CouponResult.UNAVAILABLE)


def test_a_buyer_who_had_the_code_often_enough_pays_the_next_best_price():
    show = LineTheatre(coupon(uses_per_buyer=1))
    first, again = join(show, "ben", "apple10"), show.join("ben", 1, "apple10", key="again")
    show.release(show.held)
    show.serve()
    assert turn(show, first)[0] == 8910
    assert turn(show, again) == (LIST, None, CouponResult.UNAVAILABLE)


def test_a_code_that_is_no_better_than_another_price_is_not_used():
    show = LineTheatre(coupon(uses=1), flash())
    ben = join(show, "ben", "apple10")
    show.release(show.held)
    show.serve()
    assert turn(show, ben) == (7900, None, CouponResult.BETTER_PRICE)
    assert uses(show, 1, 1) == (1, 0)


def test_a_flash_price_for_so_many_units_is_had_by_who_is_first_in_line():
    show = LineTheatre(flash(units=1, at=10))
    ben, cleo = join(show, "ben"), join(show, "cleo")
    show.wait(10)
    show.release(show.held)
    show.serve()
    assert (turn(show, ben)[0], turn(show, cleo)[0]) == (7900, LIST)


def test_a_code_that_can_never_be_used_is_refused_at_the_join():
    show = LineTheatre(coupon(seconds=20), coupon("Later", at=500, seconds=60))
    show.join("ben", 1, "later")
    with pytest.raises(CouponNotOpen):
        show.join("cleo", 1, "PEAR10")
    show.wait(20)
    with pytest.raises(CouponNotOpen):
        show.join("cleo", 1, "apple10")
    assert show.look(show.join("cleo", 1)).place == 1


def test_a_repeated_join_is_of_the_same_code():
    show = LineTheatre(coupon(), coupon("Other"))
    ben = show.join("ben", 1, "apple10")
    assert show.join("ben", 1, "APPLE10").ticket == ben.ticket
    for code in (None, "other"):
        with pytest.raises(IdempotencyKeyReused):
            show.join("ben", 1, code)


@pytest.mark.parametrize("by", ["ticket", "reservation", "time"])
def test_what_a_turn_had_of_its_deal_comes_back_with_it(by: str):
    show = LineTheatre(coupon(uses=1, uses_per_buyer=1))
    ben = join(show, "ben", "apple10")
    show.release(show.held)
    show.serve()
    seen = show.look(ben)
    assert (uses(show, 1, 1), seen.coupon_result) == ((0, 1), CouponResult.APPLIED)
    assert seen.reservation is not None
    if by == "ticket":
        show.leave(ben)
    elif by == "reservation":
        show.release(seen.reservation)
    else:
        show.wait(TURN)
        show.beat()
        show.beat()
    assert uses(show, 1, 1) == (1, 0)
    show.serve()
    show.beat()
    show.wait(2)
    again = show.reserve(1, buyer="ben", coupon="apple10")
    assert again.check.unit_price == 8910


@pytest.mark.parametrize("late", [0, TURN - 5])
def test_a_turn_that_a_death_interrupted_has_its_deal_once(late: int):
    def die() -> None:
        raise Crash

    show = LineTheatre(coupon(uses=1, uses_per_buyer=1))
    ben = join(show, "ben", "apple10")
    show.release(show.held)
    show.waitlists.meanwhile.append(die)
    with pytest.raises(Crash):
        show.serve()
    assert uses(show, 1, 1) == (0, 1)
    show.wait(late)
    while not show.serve():
        show.wait(1)
    assert turn(show, ben) == (8910, "Apple10", CouponResult.APPLIED)
    assert uses(show, 1, 1) == (0, 1)
