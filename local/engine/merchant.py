"""The one merchant of a local stack: three keys, as an operator of a real one would make them."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from local.engine.aws import dynamodb, secrets
from shared import table
from shared.contracts.routes import MANAGE, READ, SELL
from shared.domain.ids import KEY_PREFIX

SCOPES: Final = (MANAGE, SELL, READ)
NAME: Final = "washington-apples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who sells here: the only place where the keys themselves are known, for the store has their hashes."""

    name: str
    keys: Mapping[str, str]
    webhook_secret: str


def seed(url: str, outputs: Mapping[str, str], name: str = NAME) -> Merchant:
    """Make a merchant with a fresh key of each scope; the webhook secret is the deployment's own."""
    keys = {scope: f"lh_{scope}_{randomness.token_urlsafe(24)}" for scope in SCOPES}
    store = dynamodb(url)
    for scope, key in keys.items():
        store.put_item(
            TableName=outputs["KeysTable"],
            Item={
                table.KEY_HASH: {"S": sha256(key.encode()).hexdigest()},
                table.MERCHANT: {"S": name},
                "scope": {"S": scope},
                # What the log of a campaign calls it; a key that is given none has an id made from its hash.
                "id": {"S": f"{KEY_PREFIX}{scope}"},
                "revoked": {"BOOL": False},
            },
        )
    secret = secrets(url).get_secret_value(SecretId=outputs["PaymentSecretArn"])["SecretString"]
    return Merchant(name=name, keys=keys, webhook_secret=f"whsec_{secret}")
