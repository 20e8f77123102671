"""Stripe's library is a second of a cold start: only a show that takes its money loads it."""

from __future__ import annotations

import subprocess
import sys

LOAD = """
import os, sys
os.environ.update(
    AWS_DEFAULT_REGION="us-east-1", STAGE="local", STRIPE_API_URL="https://stripe.invalid",
    STRIPE_SECRET_ARN="arn", PAYMENT_SECRET_ARN="arn", ADDRESS_KEY_ARN="arn", ADDRESS_DAYS="90",
    **{f"{role}_TABLE": role for role in "CAMPAIGNS STOCK BUYERS ORDERS PAYMENTS TOTALS ADDRESSES".split()},
)
import functions.checkout.handler, functions.payment_webhooks.handler
import functions.keep_books.handler, functions.campaigns.handler
from shared import wiring
wiring.checkout_desk(), wiring.payment_desk(), wiring.books(), wiring.stripe_secret()
providers = wiring.payment_providers()
assert list(providers) == ["test", "stripe"] and "stripe" in providers and "paypal" not in providers
providers["test"]
print("stripe" in sys.modules, "requests" in sys.modules)
providers["stripe"]
print("stripe" in sys.modules)
"""


def test_a_show_on_the_test_provider_never_loads_it():
    done = subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["False", "False", "True"]
