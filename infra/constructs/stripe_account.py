"""Where an operator puts the account at Stripe, and who may use it."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import CfnOutput, RemovalPolicy, SecretValue
from aws_cdk.aws_secretsmanager import Secret
from constructs import Construct

from infra.constructs.backend_function import BackendFunction
from shared.settings import Setting

EMPTY: Final = json.dumps({"api_key": "", "webhook_secrets": [], "account": ""})
"""The form to fill. A later deployment leaves what was filled in: it does not change this text."""


class StripeAccount(Construct):
    """A secret with an empty form in it: campaigns on Stripe are refused until somebody has filled it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        api_url: str,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._secret = Secret(
            self,
            "Secret",
            secret_name=name,
            description="API key and webhook secrets of the account at Stripe, filled by an operator",
            secret_string_value=SecretValue.unsafe_plain_text(EMPTY),
            removal_policy=removal,
        )
        self.settings: dict[str, str] = {
            Setting.STRIPE_SECRET_ARN: self._secret.secret_arn,
            Setting.STRIPE_API_URL: api_url,
        }
        output = CfnOutput(self, "Arn", value=self._secret.secret_arn)
        output.override_logical_id("StripeSecretArn")

    def allow_reading(self, function: BackendFunction) -> None:
        """Let a function read the account's keys."""
        function.allow("secretsmanager:GetSecretValue", on=self._secret.secret_arn)
