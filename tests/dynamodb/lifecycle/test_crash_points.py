"""Each task of the lifecycle, killed after each of its writes, and taken up again by another process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from local.engine.dynamodb_local import DynamoDBLocal
from shared.domain.campaign import Status
from shared.domain.totals import Sums
from shared.use_cases.take_snapshot import count_blocks
from tests.dynamodb.stage import Stage, Watchman
from tests.fakes import Crash
from tests.theatre import GALA, HOLD

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Step = Callable[[Stage], Any]


def come_to_the_start(show: Stage) -> None:
    show.prepare()
    show.wait(60)


def go_live(show: Stage) -> None:
    come_to_the_start(show)
    show.open()


def sell(show: Stage) -> None:
    """Paid, over two blocks, released, abandoned, checked out and abandoned, and a payment that died half-way."""
    go_live(show)
    show.sell(2)
    show.sell(5, GALA)
    show.release(show.reserve())
    show.reserve(34)
    show.check_out(show.reserve())
    show.snapshot()
    half_way = show.check_out(show.reserve())
    save = show.orders.save
    show.orders.save = _die  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        show.pay(half_way)
    show.orders.save = save  # type: ignore[method-assign]
    show.wait(HOLD)


def _die(*_: Any) -> None:
    raise Crash


def end(show: Stage) -> None:
    sell(show)
    show.end()


def close(show: Stage) -> None:
    end(show)
    show.close()


def drain(show: Stage) -> None:
    close(show)
    for _ in range(2):  # the tails of what ran out, and then their parts
        show.beat()
    show.wait(10)


def reconcile(show: Stage) -> None:
    drain(show)
    assert show.reconcile()


def settle(show: Stage) -> None:
    reconcile(show)
    show.settle()


TASKS: dict[str, tuple[Step, Step]] = {
    "prepare": (lambda _: None, Stage.prepare),
    "prepare again": (Stage.prepare, Stage.prepare),
    "open": (come_to_the_start, Stage.open),
    "beat": (sell, Stage.beat),
    "close": (end, Stage.close),
    "drain": (close, Stage.beat),
    "reconcile": (drain, Stage.reconcile),
    "settle": (reconcile, Stage.settle),
    "package": (settle, Stage.package),
}


@pytest.fixture(scope="module")
def client(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    return dynamodb_local.client()


@pytest.fixture(scope="module")
def watchman(client: DynamoDBClient) -> Watchman:
    return Watchman(client)


@pytest.fixture(autouse=True)
def alive(watchman: Watchman) -> Iterator[None]:
    watchman.reset()
    yield
    watchman.reset()


def stands(show: Stage) -> dict[str, Any]:
    """All that matters of a campaign, but for its id and the number of its snapshots."""
    campaign = show.campaign
    blocks = count_blocks(show.stock, campaign)
    current, report = show.totals.current(show.id), show.totals.report(show.id)
    assert [fault for offer in blocks for block in offer for fault in block.faults()] == []
    return {
        "campaign": replace(campaign, id=""),
        "offers": [Sums.of(offer) for offer in blocks],
        "times": {(block.opens, block.closes) for offer in blocks for block in offer},
        "orders": Counter((order.state, order.captured) for order in show.orders.all(show.id)),
        "snapshot": current and (current.offers, current.status, current.complete),
        "report": report and report.replace(show.id, ""),
        "package": _package(show),
        "bookmark": show.totals.bookmark(show.id),
    }


def _package(show: Stage) -> Any:
    """What every copy of it has in common: names, rows, and the money; ids differ from show to show."""
    package = show.records.package(show.id)
    if package is None:
        return None
    files = show.files.read(show.id, package)
    assert show.package().complete
    assert show.records.package(show.id) == package
    sizes = [(name, _rows(name, data)) for name, data in files.items()]
    return sizes, files["money.json"], files["parties.json"]


def _rows(name: str, data: bytes) -> int:
    if not name.endswith(".xlsx"):
        return data.count(b"\n")
    with ZipFile(BytesIO(data)) as workbook:
        sheets = [part for part in workbook.namelist() if part.startswith("xl/worksheets/")]
        return sum(workbook.read(sheet).count(b"<row ") for sheet in sheets)


def come_to_rest(task: str, show: Stage) -> None:
    """A beat leaves some work to the next ones, such as the parts of a reservation whose tail has just ended."""
    if task in ("beat", "drain"):
        show.beat()
        show.beat()


@pytest.mark.parametrize("task", TASKS)
def test_a_task_that_dies_after_any_write_and_is_repeated_comes_to_the_same_end(
    task: str, client: DynamoDBClient, watchman: Watchman
):
    before, act = TASKS[task]
    undisturbed = Stage(client)
    before(undisturbed)
    watchman.reset()
    act(undisturbed)
    writes = watchman.writes
    come_to_rest(task, undisturbed)
    wanted = stands(undisturbed)

    for point in range(writes):
        show = Stage(client)
        before(show)
        watchman.reset(die_after=point)
        with pytest.raises(Crash):
            act(show)
        watchman.reset()
        show.restart()

        act(show)

        come_to_rest(task, show)
        assert stands(show) == wanted, f"after write {point} of {writes}"


def test_a_show_runs_to_its_settled_books_on_dynamodb(client: DynamoDBClient):
    show = Stage(client)
    sell(show)
    show.end()

    assert show.run_to_the_end()

    assert show.campaign.status is Status.CLOSED
    document = show.report()
    assert document["balanced"] is True
    assert document["totals"]["orders"] == 3
    assert document["orders"]["by_state"]["cancelled"] == 1
    first = show.totals.report(show.id)
    assert show.run_to_the_end()
    assert show.totals.report(show.id) == first
