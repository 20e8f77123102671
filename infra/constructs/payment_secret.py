"""The secret with which the built-in payment provider signs its webhooks."""

from __future__ import annotations

import string
from typing import Final

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk.aws_secretsmanager import Secret, SecretStringGenerator
from constructs import Construct

from infra.constructs.backend_function import BackendFunction
from shared.settings import Setting

LENGTH: Final = 44
"""Letters and digits, and a multiple of four: base64 as it stands, of 33 random bytes, so that ``whsec_`` before it makes a
secret of the Standard Webhooks specification."""


class PaymentSecret(Construct):
    """One for each deployment, made by Secrets Manager: no person and no template ever holds it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, removal: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self._secret = Secret(
            self,
            "Secret",
            secret_name=name,
            description="Signs the webhooks of the payment provider 'test', after the prefix whsec_",
            generate_secret_string=SecretStringGenerator(
                exclude_characters=string.punctuation + " ", password_length=LENGTH
            ),
            removal_policy=removal,
        )
        self.settings: dict[str, str] = {Setting.PAYMENT_SECRET_ARN: self._secret.secret_arn}
        output = CfnOutput(self, "Arn", value=self._secret.secret_arn)
        output.override_logical_id("PaymentSecretArn")

    def allow_reading(self, function: BackendFunction) -> None:
        """Let a function read the secret's value."""
        function.allow("secretsmanager:GetSecretValue", on=self._secret.secret_arn)
