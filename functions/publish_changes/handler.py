"""
The tables' streams, told on the bus; and every version of a campaign, in its log.

A record that cannot be read, or whose events the bus does not take, is answered by its number:
Lambda then asks again from the lowest of them on, in ever smaller batches, and at last puts it into
the dead-letter queue. Whatever else lies in the batch is told at once, and perhaps again later
under the same ids.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared import wiring
from shared.adapters.dynamodb_stream import read_record
from shared.contracts.events import Published, published
from shared.domain.campaign_log import entry_of
from shared.domain.errors import StoreBusy
from shared.domain.ids import is_rehearsed
from shared.use_cases.read_changes import CampaignChange, read_change

log = logging.getLogger("livehour")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """A batch of stream records; ``batchItemFailures`` are those that must come again."""
    records = event["Records"]
    news: dict[str, list[Published]] = {}
    failed = set()
    for record in records:
        number = record["dynamodb"]["SequenceNumber"]
        try:
            news[number] = _read(record)
        except StoreBusy:
            # Nothing is wrong with the record: it waits for the log, or for whose campaign it is about.
            log.warning("record %s of %s waits", number, record.get("eventSourceARN"))
            failed.add(number)
        except Exception:
            # Whatever is wrong with one record must not keep its neighbours from being told.
            log.exception("record %s of %s cannot be told", number, record.get("eventSourceARN"))
            failed.add(number)
    refused = wiring.bus().tell(one for told in news.values() for one in told)
    failed |= {number for number, told in news.items() if any(one.id in refused for one in told)}
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(failed)]}


def _read(record: Mapping[str, Any]) -> list[Published]:
    change = read_record(record)
    if change is None:
        return []
    # Of a rehearsal there is no log: it may be swept away by now, and nobody could ask for it.
    if isinstance(change, CampaignChange) and not is_rehearsed(change.after.id):
        # At the instant and under the version that the record has, whoever reads it and however often.
        entry = entry_of(change.before, change.after, by=change.by, at=round(change.at * 1000))
        wiring.campaign_log().note(change.after.id, entry)
    return [published(event) for event in read_change(change, wiring.merchant_of)]
