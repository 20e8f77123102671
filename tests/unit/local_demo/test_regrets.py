"""What shoppers think better of: some of everything, and the same each time it is asked."""

from __future__ import annotations

from collections import Counter

from local.shoppers.regrets import OF_A_HUNDRED, WAITS, regret_of


def test_of_many_orders_some_go_back_whole_in_part_and_restocked_by_every_method():
    regrets = [regret_of(f"suffix-{number}") for number in range(5000)]
    found = [regret for regret in regrets if regret is not None]

    assert abs(len(found) / len(regrets) - OF_A_HUNDRED / 100) < 0.015
    kinds = Counter((regret.part, regret.restock) for regret in found)
    assert set(kinds) == {(True, False), (False, True), (False, False)}
    assert {regret.method for regret in found} == {"alipay", "refund_pending", "refund_fails"}
    assert all(WAITS[0] <= regret.after <= WAITS[1] for regret in found)


def test_an_order_and_its_reservation_agree():
    assert [regret_of("abc") for _ in range(3)] == [regret_of("abc")] * 3
