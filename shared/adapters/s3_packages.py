"""
Closing packages on S3. An object's key holds the SHA-256 of what is in it, and it is put only where none is: the same file
may be kept again by anybody, and nothing ever takes its place. S3 checks the digest itself: what arrives is what was sent.
"""

from __future__ import annotations

from base64 import b64encode
from typing import IO, TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from shared.adapters.dynamodb_faults import store_faults
from shared.domain.closing_package import PackageFile
from shared.domain.errors import StoreBusy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THERE: Final = "PreconditionFailed"
_AT_IT: Final = frozenset({"ConditionalRequestConflict", "OperationAborted"})
"""Somebody else is putting the same object just now."""


class S3Packages:
    """The bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, campaign_id: str, file: PackageFile, body: IO[bytes]) -> None:
        try:
            with store_faults():
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key_of(campaign_id, file),
                    Body=body,
                    ContentLength=file.size,
                    ContentType=file.content_type,
                    ChecksumSHA256=b64encode(bytes.fromhex(file.sha256)).decode(),
                    IfNoneMatch="*",
                )
        except ClientError as refused:
            code = refused.response.get("Error", {}).get("Code")
            if code in _AT_IT:
                raise StoreBusy from refused
            if code != _THERE:
                raise

    def link(self, campaign_id: str, file: PackageFile, *, seconds: int) -> str:
        return self._client.generate_presigned_url(
            ClientMethod="get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key_of(campaign_id, file),
                "ResponseContentDisposition": f'attachment; filename="{file.name}"',
            },
            ExpiresIn=seconds,
        )


def key_of(campaign_id: str, file: PackageFile) -> str:
    """Where a file is kept."""
    return f"{campaign_id}/{file.sha256}/{file.name}"
