"""Take an address as its country writes it, or refuse it with every field that its buyer can put right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.domain.address import AddressFault
from shared.domain.errors import InvalidRequest
from shared.use_cases.parcel_ports import AddressRules

WHERE: Final = "/ship_to"
"""The JSON pointer of the address in every body that has one."""


def accept_address(rules: AddressRules, address: Mapping[str, str]) -> dict[str, str]:
    """
    The address, normalised. ``InvalidRequest`` names each field that a carrier would ask for, or could make nothing of, with
    what would be right where that is known. What was sent is not repeated.
    """
    faults = rules.faults(address)
    if faults:
        raise InvalidRequest(errors=[_error(fault) for fault in faults])
    return rules.normalised(address)


def _error(fault: AddressFault) -> dict[str, str]:
    named = {"pointer": f"{WHERE}/{fault.field}", "detail": fault.detail}
    return named if fault.suggestion is None else {**named, "suggestion": fault.suggestion}
