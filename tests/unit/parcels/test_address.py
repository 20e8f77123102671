"""Addresses: written small, and read back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.address_rules import CountryAddressRules
from shared.contracts.buying import ShipTo
from shared.domain.address import FIELDS, MOST_CHARACTERS, read, write
from shared.table import LARGEST_SHIP_TO

PLAIN = {"name": "Li Wei", "line1": "1 Nanjing Road", "city": "Shanghai", "country": "CN"}
SIV = 16
"""Bytes that a seal adds."""

words = st.text(min_size=1, max_size=40)


def test_the_fields_are_those_of_a_checkout():
    assert set(FIELDS) == set(ShipTo.model_fields)


@given(st.dictionaries(st.sampled_from(FIELDS), words))
def test_what_is_written_is_read_back(address: dict[str, str]):
    assert read(write(address)) == address


def test_a_field_that_nobody_knows_is_not_lost_in_silence():
    with pytest.raises(ValueError, match="planet"):
        write({**PLAIN, "planet": "Mars"})


def test_what_was_written_before_anything_was_compressed_is_still_read():
    assert read(b'["Li Wei","1 Nanjing Road","","Shanghai"]') == {
        "name": "Li Wei",
        "line1": "1 Nanjing Road",
        "city": "Shanghai",
    }


LONG = {
    "Thai": {
        "name": "นายสมชาย ศรีสวัสดิ์วงศ์ไพบูลย์",
        "line1": "เลขที่ ๑๒๓/๔๕๖ หมู่บ้านเศรษฐสิริ ซอยลาดพร้าว ๑๐๑ แยก ๔๒ ถนนลาดพร้าว",
        "line2": "แขวงคลองเจ้าคุณสิงห์ ฝากไว้ที่ป้อมยามหน้าหมู่บ้านก่อนหกโมงเย็น",
        "city": "เขตวังทองหลาง",
        "region": "กรุงเทพมหานคร",
        "postal_code": "10310",
        "country": "TH",
        "phone": "+66812345678",
        "email": "somchai@example.co.th",
    },
    "Arabic": {
        "name": "عبد الرحمن بن محمد بن عبد العزيز آل الشيخ",
        "line1": "٧٢٣٤ طريق الملك عبد الله بن عبد العزيز الفرعي، حي الملك سلمان، مبنى رقم ١٢",
        "line2": "شقة ٤٥، الدور الثالث، بجانب مسجد الأمير سلطان، خلف محطة الوقود الكبيرة",
        "city": "الرياض",
        "region": "منطقة الرياض",
        "postal_code": "12345",
        "country": "SA",
        "phone": "+966501234567",
    },
    "Georgian": {
        "name": "კონსტანტინე გამსახურდია-ჯავახიშვილი",
        "line1": "აკადემიკოს ილია ვეკუას ქუჩა, მეორე მიკრორაიონი, მეთხუთმეტე კორპუსი",
        "line2": "მეოთხე სადარბაზო, მეშვიდე სართული, ბინა ასოცდახუთი, გლდანის რაიონი",
        "city": "თბილისი",
        "postal_code": "0167",
        "country": "GE",
        "phone": "+995555123456",
    },
}


@pytest.mark.parametrize("script", LONG)
def test_addresses_of_real_length_are_taken_in_every_script(script: str):
    body = ShipTo.model_validate(LONG[script])
    kept = CountryAddressRules().normalised(body.model_dump(exclude_none=True))

    assert CountryAddressRules().faults(kept) == []
    assert read(write(kept)) == kept == LONG[script]
    assert len(str(kept).encode()) > 500, "an address that had been refused for its bytes"
    assert len(write(kept)) + SIV < 500, "and needs no more room than one of 500 bytes did"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200),
        min_size=5,
        max_size=5,
    )
)
def test_the_longest_address_fits_into_an_order_when_it_is_sealed(words: list[str]):
    """Whatever its characters are: even those that no packer makes smaller."""
    room = MOST_CHARACTERS - len("CN")
    address = {"country": "CN"}
    for name, word in zip(("name", "line1", "line2", "city", "region"), words, strict=True):
        text = (word * 200)[: min(200, room)]
        if text:
            address[name], room = text, room - len(text)
    assert len(write(address)) + SIV <= LARGEST_SHIP_TO
    assert read(write(address)) == address


def test_an_address_of_more_characters_is_refused_by_their_number():
    with pytest.raises(ValueError, match="it has 602 characters in all, and may have 500"):
        ShipTo.model_validate(
            {"name": "x" * 200, "line1": "y" * 200, "city": "z" * 200, "country": "CN"}
        )
