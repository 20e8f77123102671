"""The crowd is planned from a seed: in waves after pins, with more demand for the scarce product than there is."""

from __future__ import annotations

from collections import Counter

from local.shoppers.visits import (
    CURIOUS,
    FAITHFUL,
    Habit,
    Show,
    Trouble,
    Visit,
    Wares,
    plan_visits,
)

FUJI = Wares(sku="FUJI", allotment=4000, limit=5)
GALA = Wares(sku="GALA", allotment=3000, limit=None)
GIFT = Wares(sku="GIFT", allotment=60, limit=1)


def a_show(**changes: object) -> Show:
    facts: dict[str, object] = {
        "seconds": 110.0,
        "wares": (FUJI, GALA, GIFT),
        "pins": ((0.0, "FUJI"), (40.0, "GALA"), (80.0, "GIFT"), (92.0, "FUJI")),
        "scarce": "GIFT",
        "hold": 10.0,
    }
    return Show(**{**facts, **changes})  # type: ignore[arg-type]


def in_time(visits: list[Visit], show: Show) -> list[Visit]:
    return [visit for visit in visits if 0 <= visit.at <= show.seconds]


def test_the_same_seed_plans_the_same_visits_and_another_seed_others():
    assert plan_visits(a_show(), orders=300, seed=7) == plan_visits(a_show(), orders=300, seed=7)
    assert plan_visits(a_show(), orders=300, seed=7) != plan_visits(a_show(), orders=300, seed=8)


def test_visits_come_in_order_and_a_few_of_them_too_early_or_too_late():
    visits = plan_visits(a_show(), orders=300, seed=1)

    assert visits == sorted(visits, key=lambda visit: visit.at)
    assert sum(visit.at < 0 for visit in visits) == CURIOUS
    assert sum(visit.at > 110 for visit in visits) == CURIOUS


def test_enough_of_the_visits_mean_to_pay():
    for orders in (100, 1200):
        visits = in_time(plan_visits(a_show(), orders=orders, seed=3), a_show())
        others = [visit for visit in visits if visit.sku != "GIFT"]
        paying = sum(
            visit.habit in (Habit.PAYS, Habit.PAYS_TWICE, Habit.PAYS_AT_SECOND_TRY)
            for visit in others
        )
        assert paying + 60 >= orders * 0.95
        assert paying <= orders * 1.15


def test_the_scarce_product_is_wanted_one_and_a_half_times_while_it_is_on_screen():
    visits = in_time(plan_visits(a_show(), orders=1000, seed=5), a_show())
    fans = [visit for visit in visits if visit.sku == "GIFT"]

    assert sum(visit.quantity for visit in fans) >= 60 * 1.5
    assert all(80 <= visit.at <= 92 for visit in fans)


def test_who_wants_the_scarce_product_near_the_end_pays_for_it():
    show = a_show(pins=((0.0, "FUJI"), (98.0, "GIFT")))
    visits = in_time(plan_visits(show, orders=500, seed=5), show)

    assert {visit.habit for visit in visits if visit.sku == "GIFT"} == {Habit.PAYS}


def test_most_viewers_want_what_is_on_screen_and_most_of_them_at_once():
    visits = in_time(plan_visits(a_show(), orders=3000, seed=11), a_show())
    wave = [visit for visit in visits if 40 <= visit.at < 80]
    faithful = [visit for visit in wave if visit.sku == "GALA"]

    assert len(faithful) / len(wave) > FAITHFUL
    early = [visit for visit in faithful if visit.at < 50]
    assert len(early) > len(faithful) * 0.4


def test_nobody_asks_for_more_than_the_limit_except_those_who_do_it_on_purpose():
    for visit in in_time(plan_visits(a_show(), orders=3000, seed=2), a_show()):
        limit = {"FUJI": 5, "GALA": None, "GIFT": 1}[visit.sku]
        if visit.habit is Habit.WANTS_TOO_MANY:
            assert limit is not None
            assert visit.quantity == limit + 1
        else:
            assert 1 <= visit.quantity <= (limit or 5)


def test_all_habits_occur_and_some_viewers_come_back():
    visits = in_time(plan_visits(a_show(), orders=1200, seed=4), a_show())

    assert {visit.habit for visit in visits} == set(Habit) - {Habit.PAYS_WRONGLY, Habit.FORGES}
    assert max(Counter(visit.buyer for visit in visits).values()) > 1
    assert any(visit.quantity > 1 for visit in visits)


def test_connections_break_and_payments_lie_only_when_faults_are_wanted():
    usual = plan_visits(a_show(), orders=1200, seed=4)
    mixed = plan_visits(a_show(), orders=1200, seed=4, faults=True)

    assert {visit.trouble for visit in usual} == {Trouble.NONE, Trouble.ASKS_TWICE}
    assert {visit.trouble for visit in mixed} == set(Trouble)
    assert {visit.habit for visit in mixed} == set(Habit)


def test_a_show_of_one_product_without_cues_has_its_visitors_too():
    show = a_show(wares=(GIFT,), pins=())
    visits = in_time(plan_visits(show, orders=10, seed=1), show)

    assert {visit.sku for visit in visits} == {"GIFT"}
    assert all(visit.at <= 108 for visit in visits)
