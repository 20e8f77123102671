"""Parties: shares that sum to the whole, and money divided by them to the last minor unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.parties import ROLES, WHOLE, Part, Party, divide, faults, split


@st.composite
def shares(draw: st.DrawFn) -> list[int]:
    """Up to four shares that sum to the whole."""
    cuts = sorted(draw(st.lists(st.integers(0, WHOLE), max_size=3)))
    return [late - early for early, late in zip([0, *cuts], [*cuts, WHOLE], strict=True)]


@given(amount=st.integers(-(10**18), 10**18), points=shares())
def test_the_parts_sum_to_the_whole_and_none_is_a_minor_unit_off_its_exact_part(
    amount: int, points: list[int]
):
    parts = split(amount, points)
    assert sum(parts) == amount
    for part, share in zip(parts, points, strict=True):
        assert abs(part * WHOLE - amount * share) < WHOLE


@given(amount=st.integers(0, 10**15), points=shares())
def test_a_greater_share_never_gets_less_and_no_share_gets_nothing(amount: int, points: list[int]):
    parts = split(amount, points)
    for share, part in zip(points, parts, strict=True):
        if not share:
            assert part == 0
        for other, its in zip(points, parts, strict=True):
            if share > other:
                assert part >= its


def test_equal_remainders_go_in_the_order_of_the_roles():
    assert split(1, [5_000, 5_000]) == [1, 0]
    assert split(3, [2_500, 2_500, 2_500, 2_500]) == [1, 1, 1, 0]
    assert split(100, [3_333, 3_333, 3_334]) == [33, 33, 34]


def test_money_is_divided_by_the_shares_in_the_order_of_the_roles():
    parties = {
        "channel": Party("Tmall", 500),
        "promoter": Party("Washington Apple Commission", 1_000),
        "seller_of_record": Party("Green Valley", 8_500, "acct-7"),
    }
    parts = divide(parties, gross=9_999, refunded=101, fees=3)
    assert [part.role for part in parts] == ["promoter", "seller_of_record", "channel"]
    assert [part.gross for part in parts] == [1_000, 8_499, 500]
    assert [part.refunded for part in parts] == [10, 86, 5]
    assert sum(part.fees for part in parts) == 3
    assert sum(part.net for part in parts) == 9_999 - 101 - 3


@pytest.mark.parametrize("named", [(), ("promoter",), ("seller_of_record", "fulfiller")])
def test_without_shares_everything_is_the_seller_of_records(named: tuple[str, ...]):
    parts = divide({role: Party(role) for role in named}, gross=777, refunded=7)
    by_role: dict[str, Part] = {part.role: part for part in parts}
    assert set(by_role) == {*named, "seller_of_record"}
    assert (by_role["seller_of_record"].gross, by_role["seller_of_record"].net) == (777, 770)
    assert sum(part.gross for part in parts) == 777


@pytest.mark.parametrize(
    ("parties", "at"),
    [
        ({}, []),
        ({"promoter": Party("P")}, []),
        ({role: Party(role, WHOLE // 4) for role in ROLES}, []),
        ({"promoter": Party("P", 0), "fulfiller": Party("F", WHOLE)}, []),
        ({"promoter": Party("P", 9_999)}, ["/parties"]),
        ({"promoter": Party("P", 0)}, ["/parties"]),
        ({"promoter": Party("P", 6_000), "fulfiller": Party("F", 6_000)}, ["/parties"]),
        ({"promoter": Party("P", WHOLE), "fulfiller": Party("F")}, ["/parties/fulfiller"]),
    ],
)
def test_shares_sum_to_the_whole_or_nobody_has_one(parties: dict[str, Party], at: list[str]):
    assert [pointer for pointer, _ in faults(parties)] == at


def test_a_party_is_written_as_short_as_it_can_be_said():
    assert Party("P").written == "P"
    assert Party("P", 0).written == {"name": "P", "share": 0}
    assert Party("P", None, "acct-7").written == {"name": "P", "reference": "acct-7"}
