"""
The carrier ``file``: each parcel is an object that a fulfiller reads, under the parcel's id; the same parcel gives the same
bytes. And the files in which all of them are imported at once.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from shared.adapters.dynamodb_faults import store_faults
from shared.domain.closing_package import PackageFile
from shared.domain.parcel import Parcel, ParcelKey, ParcelReceipt, ParcelState
from shared.domain.tables import document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARCELS: Final = "parcels"
BATCHES: Final = "batches"
"""Begin of the keys, by which objects have their time."""
_NOT_THERE: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class FileCarrier:
    """Implements ``Carrier`` and ``HandOffFiles``, in one bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    # -- one parcel --------------------------------------------------------------------------------

    def request_parcel(self, parcel: Parcel) -> ParcelReceipt:
        key = key_of(ParcelKey(parcel.id, parcel.campaign_id))
        body = document({"object": "parcel", **asdict(parcel)}).encode()
        with store_faults():
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                ChecksumSHA256=b64encode(hashlib.sha256(body).digest()).decode(),
            )
        return ParcelReceipt(parcel.id, key)

    def parcel_state(self, parcel: ParcelKey) -> ParcelState | None:
        try:
            with store_faults():
                self._client.get_object(Bucket=self._bucket, Key=key_of(parcel), Range="bytes=0-0")
        except ClientError as refused:
            if refused.response.get("Error", {}).get("Code") in _NOT_THERE:
                return None
            raise
        return ParcelState.REQUESTED

    def withdraw(self, parcel: ParcelKey) -> None:
        self._delete(key_of(parcel))

    def forget(self, parcel: ParcelKey) -> None:
        self._delete(key_of(parcel))

    # -- files of many -----------------------------------------------------------------------------

    def keep(self, campaign_id: str, file: PackageFile, body: IO[bytes]) -> None:
        with store_faults():
            self._client.put_object(
                Bucket=self._bucket,
                Key=_batch(campaign_id, file.name),
                Body=body,
                ContentLength=file.size,
                ContentType=file.content_type,
                ChecksumSHA256=b64encode(bytes.fromhex(file.sha256)).decode(),
            )

    def drop(self, campaign_id: str, names: list[str]) -> None:
        for name in names:
            self._delete(_batch(campaign_id, name))

    def link(self, campaign_id: str, file: PackageFile, *, seconds: int) -> str:
        return self._client.generate_presigned_url(
            ClientMethod="get_object",
            Params={
                "Bucket": self._bucket,
                "Key": _batch(campaign_id, file.name),
                "ResponseContentDisposition": f'attachment; filename="{file.name}"',
            },
            ExpiresIn=seconds,
        )

    def _delete(self, key: str) -> None:
        with store_faults():
            self._client.delete_object(Bucket=self._bucket, Key=key)


def key_of(parcel: ParcelKey) -> str:
    """Where a parcel's object is."""
    return f"{PARCELS}/{parcel.campaign_id}/{parcel.id}.json"


def _batch(campaign_id: str, name: str) -> str:
    return f"{BATCHES}/{campaign_id}/{name}"
