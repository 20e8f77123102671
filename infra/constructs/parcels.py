"""What is known of people: the key of their addresses, and the files that leave with them, for a time."""

from __future__ import annotations

from typing import Final

from aws_cdk import CfnOutput, Duration
from aws_cdk.aws_kms import Key
from aws_cdk.aws_s3 import (
    BlockPublicAccess,
    Bucket,
    BucketEncryption,
    LifecycleRule,
    ObjectOwnership,
)
from constructs import Construct

from infra.constructs.backend_function import BackendFunction
from infra.stages import Stage
from shared.settings import Setting

SINGLE: Final = "parcels/"
BATCHES: Final = "batches/"


class Parcels(Construct):
    """One key and one bucket for each deployment."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._key = Key(
            self,
            "Key",
            description="Wraps the keys of addresses, and encrypts what carriers are given",
            enable_key_rotation=True,
            removal_policy=stage.removal,
        )
        self._bucket = Bucket(
            self,
            "Bucket",
            encryption=BucketEncryption.KMS,
            encryption_key=self._key,
            # One call to KMS for many objects.
            bucket_key_enabled=True,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            # No versions: what is erased must be gone.
            versioned=False,
            lifecycle_rules=[
                LifecycleRule(
                    id="parcels", prefix=SINGLE, expiration=Duration.days(stage.address_days)
                ),
                LifecycleRule(id="batches", prefix=BATCHES, expiration=Duration.days(1)),
                LifecycleRule(id="tidy", abort_incomplete_multipart_upload_after=Duration.days(1)),
            ],
            removal_policy=stage.removal,
        )
        self.seals: dict[str, str] = {
            Setting.ADDRESS_KEY_ARN: self._key.key_arn,
            Setting.ADDRESS_DAYS: str(stage.address_days),
        }
        self.settings: dict[str, str] = {
            **self.seals,
            Setting.PARCELS_BUCKET: self._bucket.bucket_name,
        }
        for name, value in (
            ("ParcelsBucket", self._bucket.bucket_name),
            ("AddressKeyArn", self._key.key_arn),
        ):
            CfnOutput(self, f"{name}Name", value=value).override_logical_id(name)

    def allow_sealing(self, function: BackendFunction) -> None:
        """Let a function seal addresses, and open them."""
        function.allow("kms:Decrypt", "kms:GenerateDataKey", on=self._key.key_arn)

    def allow_handing_over(self, function: BackendFunction) -> None:
        """Let a function open addresses, and put, find and take back what a carrier is given."""
        self.allow_sealing(function)
        function.allow(
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:PutObject",
            on=self._bucket.arn_for_objects(f"{SINGLE}*"),
        )
        # Without it, S3 does not tell an object that is not there from one that may not be read.
        function.allow("s3:ListBucket", on=self._bucket.bucket_arn)

    def allow_giving_out(self, function: BackendFunction) -> None:
        """Let a function make files of many, link to them, and erase what was given."""
        self.allow_sealing(function)
        function.allow(
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:PutObject",
            on=self._bucket.arn_for_objects(f"{BATCHES}*"),
        )
        function.allow("s3:DeleteObject", on=self._bucket.arn_for_objects(f"{SINGLE}*"))
