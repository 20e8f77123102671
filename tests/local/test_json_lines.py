from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.json_lines import BrokenJson, LocatedJson, Place

CAMPAIGN = """{
  "name": "Apples",
  "offers": [
    {"sku": "FUJI-12", "title": {"en": "Fuji, \\"box\\" of 12"}},
    {
      "sku": "GALA-12",
      "unit_price": -1
    }
  ],
  "a/b~c": [[], {}, [1, [2]]]
}
"""


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("", Place(1, 1)),
        ("/name", Place(2, 11)),
        ("/offers/0/title/en", Place(4, 40)),
        ("/offers/1/unit_price", Place(7, 21)),
        ("/a~1b~0c/2/1/0", Place(10, 26)),
    ],
)
def test_a_value_is_found_where_it_begins(pointer: str, place: Place):
    assert LocatedJson(CAMPAIGN).place(pointer) == place


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/currency", Place(1, 1)),
        ("/offers/1/title/zh", Place(5, 5)),
        ("/offers/7/sku", Place(3, 13)),
        ("nonsense", Place(1, 1)),
    ],
)
def test_what_is_missing_is_named_by_what_is_around_it(pointer: str, place: Place):
    assert LocatedJson(CAMPAIGN).place(pointer) == place


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "Expecting value", Place(1, 1)),
        ('{"a": 1\n "b": 2}', "Expecting ',' delimiter", Place(2, 2)),
        ('{"a": 1,\n "a": 2}', '"a" is here a second time', Place(2, 2)),
        ('{"a":\n NaN}', "NaN is no number of JSON", Place(2, 2)),
        ("\n[1]", "a JSON object is wanted here: {...}", Place(2, 1)),
        ("[" * 100_000, "this is nested too deep", Place(1, 1)),
        ('{"a":' * 3_000 + "1" + "}" * 3_000, "this is nested too deep", Place(1, 1)),
    ],
)
def test_a_text_that_is_no_json_object_says_where(text: str, message: str, place: Place):
    with pytest.raises(BrokenJson) as fault:
        LocatedJson(text)
    assert (fault.value.line, fault.value.column) == (place.line, place.column)
    assert str(fault.value) == message


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=st.dictionaries(st.text(), JSON, max_size=4), indent=st.sampled_from([None, 0, 3]))
def test_every_value_is_where_its_pointer_says(value: dict[str, Any], indent: int | None):
    text = json.dumps(value, indent=indent)
    located = LocatedJson(text)
    lines = text.splitlines(keepends=True)
    for pointer, found in every_value(value):
        place = located.place(pointer)
        rest = "".join(lines[place.line - 1 :])[place.column - 1 :]
        assert json.JSONDecoder().raw_decode(rest)[0] == found


def every_value(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    found = [(pointer, value)]
    if isinstance(value, dict):
        for name, inner in value.items():
            step = name.replace("~", "~0").replace("/", "~1")
            found += every_value(inner, f"{pointer}/{step}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += every_value(inner, f"{pointer}/{number}")
    return found
