"""Addresses as they were taken before the rules of their country were known, or when those were others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from shared.adapters.address_rules import CountryAddressRules


@contextmanager
def rules_of_before() -> Iterator[None]:
    """Take any address, for so long."""
    with patch.object(CountryAddressRules, "faults", lambda *_: []):
        yield
