"""Where closing packages are kept for years, and the key that signs them."""

from __future__ import annotations

from typing import Final

from aws_cdk import CfnOutput, Duration
from aws_cdk.aws_kms import Key, KeySpec, KeyUsage
from aws_cdk.aws_s3 import (
    BlockPublicAccess,
    Bucket,
    BucketEncryption,
    LifecycleRule,
    ObjectLockRetention,
    ObjectOwnership,
)
from constructs import Construct

from infra.constructs.backend_function import BackendFunction
from infra.stages import Stage
from shared.settings import Setting

YEAR: Final = 365
GRACE: Final = 30
"""Days after the lock has ended until a package goes."""


class ClosingPackages(Construct):
    """One bucket and one key for each deployment."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        days = stage.package_years * YEAR if stage.package_years else None
        self._bucket = Bucket(
            self,
            "Bucket",
            # No name of its own: a locked bucket outlives its stack, and the next one must find a name that is free.
            encryption=BucketEncryption.S3_MANAGED,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=days is not None,
            object_lock_enabled=True if days else None,
            # No function may bypass it; an administrator can, with a permission of its own that is logged.
            object_lock_default_retention=(
                ObjectLockRetention.governance(Duration.days(days)) if days else None
            ),
            lifecycle_rules=[_tidy(days)],
            removal_policy=stage.removal,
        )
        self._key = Key(
            self,
            "Signature",
            description="Signs the manifests of closing packages",
            key_spec=KeySpec.RSA_3072,
            key_usage=KeyUsage.SIGN_VERIFY,
            removal_policy=stage.removal,
        )
        self.reads: dict[str, str] = {Setting.PACKAGES_BUCKET: self._bucket.bucket_name}
        self.builds: dict[str, str] = {**self.reads, Setting.SIGNING_KEY_ARN: self._key.key_arn}
        for name, value in (
            ("PackagesBucket", self._bucket.bucket_name),
            ("SigningKeyArn", self._key.key_arn),
        ):
            CfnOutput(self, f"{name}Name", value=value).override_logical_id(name)

    def allow_building(self, function: BackendFunction) -> None:
        """Let a function keep files, and sign: neither read, nor replace, nor delete."""
        function.allow("s3:PutObject", on=self._bucket.arn_for_objects("*"))
        function.allow("kms:Sign", "kms:GetPublicKey", on=self._key.key_arn)

    def allow_reading(self, function: BackendFunction) -> None:
        """Let a function hand out links: they can do what it may."""
        function.allow("s3:GetObject", on=self._bucket.arn_for_objects("*"))


def _tidy(days: int | None) -> LifecycleRule:
    abandoned = Duration.days(1)
    if days is None:
        return LifecycleRule(id="tidy", abort_incomplete_multipart_upload_after=abandoned)
    return LifecycleRule(
        id="tidy",
        abort_incomplete_multipart_upload_after=abandoned,
        expiration=Duration.days(days + GRACE),
        noncurrent_version_expiration=Duration.days(GRACE),
    )
