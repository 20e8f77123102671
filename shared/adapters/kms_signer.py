"""Signs with an asymmetric key of KMS, which never leaves it: anybody verifies, offline, and nobody else can sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shared.adapters.dynamodb_faults import store_faults

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_ALGORITHM: Literal["RSASSA_PKCS1_V1_5_SHA_256"] = "RSASSA_PKCS1_V1_5_SHA_256"


class KmsSigner:
    """One key."""

    def __init__(self, client: KMSClient, key: str) -> None:
        self._client = client
        self._key = key

    def sign(self, digest: bytes) -> bytes:
        with store_faults():
            return self._client.sign(
                KeyId=self._key,
                Message=digest,
                MessageType="DIGEST",
                SigningAlgorithm=_ALGORITHM,
            )["Signature"]

    def public_key(self) -> bytes:
        with store_faults():
            return self._client.get_public_key(KeyId=self._key)["PublicKey"]
