"""
What a closing package costs: ``python -m bench package [ORDERS ...]``, on a DynamoDB Local of its own.

Each size is built in a process of its own, so that its memory is its own: by the adapters of the function, from the store
over HTTP. Only S3 and KMS answer from here: the bucket reads what it is sent, compares its digest, and forgets it.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from bench.report import Row
from bench.show import connect, put_on_sale
from local.engine.dynamodb_local import DynamoDBLocal, make_tables
from local.simulation.sdk import Client, QuietLine
from local.simulation.services import Keys
from shared import wiring
from shared.adapters.dynamodb_order_items import changing, frozen, key_of
from shared.adapters.kms_signer import KmsSigner
from shared.adapters.s3_packages import S3Packages
from shared.adapters.xlsx_workbooks import XlsxWorkbooks
from shared.domain.campaign import Campaign, Status
from shared.domain.order import Order, OrderState
from shared.domain.reconciliation import Findings, OrderBook, Reconciliation
from shared.domain.report import canonical, closing_report
from shared.domain.totals import Sums, next_snapshot
from shared.use_cases.package_campaign import PackageBuilder

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SIZES: Final = (20_000, 100_000)
SECONDS: Final = 60
"""For 20,000 orders, at most."""
MEGABYTES: Final = 512
CALL: Final = 900
"""Seconds that one call of a function may take; no piece may need more."""
LARGEST: Final = 1_000_000
"""Orders that are written in 16 pieces."""
_PRICE: Final = 9900


class Bucket:
    """S3, as far as it is asked here."""

    def __init__(self) -> None:
        self.files = self.size = 0

    def serve(self, _operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        digest = hashlib.sha256()
        while chunk := request["Body"].read(1 << 20):
            digest.update(chunk)
            self.size += len(chunk)
        assert b64encode(digest.digest()).decode() == request["ChecksumSHA256"]
        self.files += 1
        return {}


def measure(sizes: Sequence[int] = SIZES) -> list[Row]:
    """One row a figure and size."""
    engine = DynamoDBLocal.start()
    try:
        make_tables(engine.client())
        return [row for size in sizes for row in _rows(engine.url, size)]
    finally:
        engine.stop()


def _rows(url: str, orders: int) -> Iterator[Row]:
    command = [sys.executable, "-m", "bench.package", url, str(orders)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - ours
    budget = SECONDS if orders <= SIZES[0] else None
    note = f"{told['files']} files, {told['bytes'] / 1e6:.0f} MB, {told['pieces']} pieces"
    yield Row(f"seconds to package {orders:,} orders", told["seconds"], budget, note)
    yield Row(f"MB of memory to package {orders:,} orders", told["megabytes"], MEGABYTES)
    piece = told["seconds"] / orders * LARGEST / 16
    yield Row(f"seconds of a piece of {LARGEST:,} orders, by {orders:,}", piece, CALL)


def build(url: str, orders: int) -> dict[str, float]:
    """Seed a settled campaign of so many orders, and build its package: seconds, memory and size of that."""
    client = connect(url)
    campaign = put_on_sale(1).campaign.changed(status=Status.CLOSED, balanced=True)
    _seed(client, campaign, orders)
    bucket = Bucket()
    builder = PackageBuilder(
        campaigns=wiring.campaigns(),
        totals=wiring.totals(),
        orders=wiring.orders(),
        records=wiring.package_records(),
        files=S3Packages(_client("s3", bucket.serve), "packages"),
        signer=KmsSigner(_client("kms", Keys().serve), "key"),
        workbooks=XlsxWorkbooks(),
    )
    began = time.perf_counter()
    progress = builder.build(campaign.id, seconds=CALL)
    seconds = time.perf_counter() - began
    assert progress.complete
    return {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "files": bucket.files,
        "bytes": bucket.size,
        "pieces": progress.of,
    }


def _client(service: str, serve: Any) -> Any:
    return Client(service, serve, QuietLine())


def _seed(client: DynamoDBClient, campaign: Campaign, count: int) -> None:
    book = OrderBook()
    orders = _orders(campaign, count)
    while many := list(islice(orders, 25)):
        puts = []
        for order in many:
            book.enter(order)
            change = {name: value for name, value in changing(order).items() if value is not None}
            key = key_of(order.campaign_id, order.key, order.expires_at)
            puts.append({"PutRequest": {"Item": {**key, **frozen(order), **change}}})
        wanted: Any = {"orders": puts}
        while wanted:
            wanted = client.batch_write_item(RequestItems=wanted).get("UnprocessedItems")
    sums = [Sums(sold=count, orders=count, gross=count * _PRICE)]
    snapshot = next_snapshot(None, campaign, sums, as_of=0, complete=True)
    wiring.campaigns().save(campaign)
    wiring.totals().advance(campaign.id, snapshot)
    found = Reconciliation(sums, book, 1, Findings())
    wiring.totals().write_report(campaign.id, canonical(closing_report(campaign, found, [], [])))


def _orders(campaign: Campaign, count: int) -> Iterator[Order]:
    for number in range(count):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        yield Order(
            id=f"ord_{digest}{digest[:18]}",
            campaign_id=campaign.id,
            merchant=campaign.merchant,
            sku=campaign.offers[0].sku,
            quantity=1,
            amount=_PRICE,
            currency=campaign.currency,
            buyer=digest[:16],
            key=digest[:8],
            created_at=campaign.starts_at,
            expires_at=campaign.starts_at + 300 + number % 3600,
            provider="test",
            payment_id=f"pay_{digest[:40]}",
            payment_action={"type": "redirect", "url": f"https://pay.example/{digest[:40]}"},
            request=digest,
            fingerprint=digest,
            state=OrderState.PAID,
            captured=_PRICE,
            paid_at=campaign.starts_at + 60,
        )


if __name__ == "__main__":
    print(json.dumps(build(sys.argv[1], int(sys.argv[2]))))
