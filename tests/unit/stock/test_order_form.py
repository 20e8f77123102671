"""The lean reader of a reservation's body and the published model accept and refuse the same bodies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.reserve.order_form import read_form
from shared.contracts.buying import ReservationRequest
from shared.domain.errors import InvalidRequest

GOOD: dict[str, Any] = {"sku": "FUJI-12", "quantity": 2, "buyer_id": "ada"}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=140),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(
        [
            0,
            1,
            100,
            101,
            -1,
            1.0,
            "1",
            True,
            "FUJI-12",
            "F" * 32,
            "F" * 33,
            " ",
            "a\nb",
            "\u202e",
            "👨‍👩‍👧",
        ]
    ),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*GOOD, "price", "state"), ANYTHING)))
@example(GOOD)
@example({**GOOD, "buyer_id": "x" * 128})
@example({**GOOD, "buyer_id": "x" * 129})
@settings(max_examples=400, deadline=None)
def test_both_agree(body: dict[str, Any]) -> None:
    try:
        ReservationRequest.model_validate(body)
        model_accepts = True
    except ValidationError:
        model_accepts = False
    try:
        read_form(body)
        form_accepts = True
    except InvalidRequest:
        form_accepts = False
    assert form_accepts == model_accepts


@given(st.sampled_from(sorted(GOOD)), ANYTHING)
@settings(max_examples=300, deadline=None)
def test_both_agree_field_by_field(name: str, value: Any) -> None:
    test_both_agree.hypothesis.inner_test({**GOOD, name: value})  # type: ignore[attr-defined]


def test_every_fault_is_named_by_its_pointer() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_form({"sku": "", "quantity": 0, "price/~": 1})
    pointers = [error["pointer"] for error in refusal.value.facts["errors"]]
    assert pointers == ["/sku", "/quantity", "/buyer_id", "/price~1~0"]
