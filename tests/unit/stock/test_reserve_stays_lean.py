"""A cold start of the reserve function, in a sale's first second, loads no library that it can do without."""

from __future__ import annotations

import subprocess
import sys

HEAVY = frozenset({"pydantic", "aws_lambda_powertools", "standardwebhooks", "stripe", "requests"})
LOAD = """
import os, sys
os.environ.update(AWS_DEFAULT_REGION="us-east-1", STOCK_TABLE="s", CAMPAIGNS_TABLE="c", BUYERS_TABLE="b")
import functions.reserve.handler
from shared import wiring
wiring.reservation_desk(); wiring.storefront()
print(*sorted(name for name in sys.modules))
"""


def test_it_loads_neither_pydantic_nor_powertools() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "shared.adapters.dynamodb_stock" in loaded
    assert loaded & HEAVY == set()
