"""Campaigns and answers in DynamoDB: kept together, kept once, whoever comes at the same time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pytest
from botocore.exceptions import ConnectionClosedError

from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns, decode, encode
from shared.adapters.dynamodb_requests import DynamoDBAnswers
from shared.domain import show_control
from shared.domain.campaign import Campaign, Cue, Status
from shared.domain.errors import CampaignNotFound, IdempotencyKeyReused, StoreBusy
from shared.domain.ids import new_campaign_id
from shared.domain.parties import Party
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.ports import Answered, AnsweredBefore, ChangedMeanwhile
from shared.use_cases.run_campaign import HONOURED, Ask, ShowRunner, Told
from tests.builders import a_campaign
from tests.fakes import Crash, MemoryErrands, MemoryLifecycles, MemorySchedules
from tests.memory_stock import MemoryStock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

START = a_campaign().starts_at
NOW = START - 300


def fresh(**fields: Any) -> Campaign:
    return a_campaign(**{"id": new_campaign_id(), "merchant": secrets.token_hex(8), **fields})


def an_answer(**fields: Any) -> Answered:
    facts: dict[str, Any] = {
        "id": secrets.token_hex(32),
        "fingerprint": "f",
        "status": 200,
        "document": '{"version":1}',
        "expires_at": NOW + HONOURED,
    }
    return Answered(**{**facts, **fields})


@pytest.fixture
def campaigns(dynamodb: DynamoDBClient) -> DynamoDBCampaigns:
    return DynamoDBCampaigns(dynamodb, "campaigns", "requests")


@pytest.fixture
def answers(dynamodb: DynamoDBClient) -> DynamoDBAnswers:
    return DynamoDBAnswers(dynamodb, "requests")


def a_runner(dynamodb: DynamoDBClient, now: Callable[[], int] = lambda: NOW) -> ShowRunner:
    return ShowRunner(
        campaigns=DynamoDBCampaigns(dynamodb, "campaigns", "requests"),
        answers=DynamoDBAnswers(dynamodb, "requests"),
        schedules=MemorySchedules(),
        lifecycles=MemoryLifecycles(),
        stockroom=Stockroom(
            DynamoDBCampaigns(dynamodb, "campaigns", "requests"), MemoryStock(), MemoryErrands()
        ),
        shape=lambda campaign: {"id": campaign.id, "version": campaign.version},
        lead=300,
        now=now,
    )


# -- one campaign ----------------------------------------------------------------------------------


def test_a_campaign_is_read_as_it_was_kept(campaigns):
    campaign = fresh(
        status=Status.LIVE,
        version=1,
        replay_until=START + 7200,
        run_of_show=(
            Cue(at=0, cue="pin", sku="FUJI-12"),
            Cue(at=5, cue="flash_price", sku="FUJI-12", unit_price=10**12, seconds=60),
        ),
        metadata={"主持": "李雷 🍎"},
        prepared_at=START - 300,
        balanced=True,
        cancel_reason="—",
    )
    campaigns.save(campaign)
    assert campaigns.get(campaign.id) == campaign


def test_parties_of_before_there_were_shares_are_read_by_their_names():
    kept = encode(a_campaign(parties={"promoter": Party("P", 10_000)}))
    assert decode(kept).parties == {"promoter": Party("P", 10_000)}
    kept["doc"]["S"] = kept["doc"]["S"].replace(
        '{"name":"P","share":10000,"reference":null}', '"P"'
    )
    assert decode(kept).parties == {"promoter": Party("P")}


def test_a_campaign_is_kept_over_the_version_it_was_made_from_only(campaigns):
    first = fresh()
    campaigns.save(first)
    second = first.changed(name="Second")
    campaigns.save(second)
    for late in (first, first.changed(name="Other"), second.changed().changed()):
        with pytest.raises(ChangedMeanwhile):
            campaigns.save(late)
    assert campaigns.get(first.id) == second


@pytest.mark.parametrize("campaign_id", ["cmp_" + "a" * 16, "", "x" * 5000, "\x00"])
def test_what_is_not_there_is_not_found(campaigns, campaign_id):
    with pytest.raises(CampaignNotFound):
        campaigns.get(campaign_id)


def test_campaigns_of_a_merchant_come_newest_first_and_in_pages(campaigns):
    merchant = secrets.token_hex(8)
    kept = [fresh(merchant=merchant, created_at=1_790_000_000_000 + day) for day in range(7)]
    for campaign in kept:
        campaigns.save(campaign)
    campaigns.save(fresh())
    newest_first = kept[::-1]

    found: list[Campaign] = []
    while page := campaigns.of_merchant(
        merchant, status=None, after=found[-1] if found else None, limit=3
    ):
        found += page
    assert found == newest_first


def test_campaigns_of_one_status_are_found_behind_many_of_another(campaigns):
    merchant = secrets.token_hex(8)
    long = {"text": "x" * 30_000}  # 40 of them are more than one page of a query
    live = fresh(merchant=merchant, created_at=1, status=Status.LIVE)
    campaigns.save(live)
    for number in range(40):
        campaigns.save(fresh(merchant=merchant, created_at=number + 2, metadata=long))
    found = campaigns.of_merchant(merchant, status=Status.LIVE, after=None, limit=3)
    assert found == [live]


# -- a campaign with its answer --------------------------------------------------------------------


def test_a_campaign_and_its_answer_are_kept_together(campaigns, answers):
    campaign, answered = fresh(), an_answer()
    campaigns.save(campaign, answered=answered, now=NOW)
    assert campaigns.get(campaign.id) == campaign
    assert answers.recall(answered.id, now=NOW) == answered


def test_neither_is_kept_if_the_request_was_answered_before(campaigns, answers):
    answered = an_answer()
    answers.keep(answered, now=NOW)
    campaign = fresh()
    with pytest.raises(AnsweredBefore) as before:
        campaigns.save(campaign, answered=replace(answered, document="{}"), now=NOW)
    assert before.value.answered == answered
    with pytest.raises(CampaignNotFound):
        campaigns.get(campaign.id)


def test_neither_is_kept_if_the_campaign_has_changed(campaigns, answers):
    campaign, answered = fresh(), an_answer()
    campaigns.save(campaign)
    with pytest.raises(ChangedMeanwhile):
        campaigns.save(campaign, answered=answered, now=NOW)
    assert answers.recall(answered.id, now=NOW) is None


def test_an_answer_is_kept_once_until_it_expires(answers):
    answered = an_answer(expires_at=NOW + 10)
    answers.keep(answered, now=NOW)
    with pytest.raises(AnsweredBefore) as before:
        answers.keep(replace(answered, document="{}"), now=NOW + 9)
    assert before.value.answered == answered
    assert answers.recall(answered.id, now=NOW + 9) == answered
    assert answers.recall(answered.id, now=NOW + 10) is None
    later = replace(answered, document="{}", expires_at=NOW + 99)
    answers.keep(later, now=NOW + 10)
    assert answers.recall(answered.id, now=NOW + 11) == later


# -- at the same time ------------------------------------------------------------------------------


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    def settled(number: int) -> Any:
        try:
            return work(number)
        except (IdempotencyKeyReused, StoreBusy) as refusal:
            return refusal

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(settled, range(times)))


def test_many_changes_at_once_all_happen_one_after_the_other(dynamodb, campaigns):
    campaign = fresh(status=Status.LIVE, prepared_at=START)
    campaigns.save(campaign)
    runner = a_runner(dynamodb, now=lambda: START)

    def rename(number: int) -> Told:
        ask = Ask(campaign.merchant, "rename", campaign.id, f"key-{number}", {})
        return runner.command(
            ask,
            lambda before, _: before.changed(metadata={**before.metadata, str(number): "done"}),
        )

    told = [one for one in at_once(rename, 6) if isinstance(one, Told)]
    after = campaigns.get(campaign.id)
    # Each that was told so is there; who was asked to come back changed nothing.
    assert len(after.metadata) == len(told) == after.version - 1
    assert sorted(one.document["version"] for one in told) == list(range(2, after.version + 1))


# -- lost answers and dead processes ---------------------------------------------------------------


class LossyLine:
    """Carries the nth request to DynamoDB, and loses its answer on the way back."""

    def __init__(self, client: DynamoDBClient, lose: int) -> None:
        self._session = client._endpoint.http_session  # type: ignore[attr-defined]
        self._send = self._session.send
        self._left = lose

    def __enter__(self) -> Self:
        self._session.send = self._carry
        return self

    def __exit__(self, *_: object) -> None:
        self._session.send = self._send

    def _carry(self, request: Any) -> Any:
        answer = self._send(request)
        if b"TransactItems" in (request.body or b""):
            self._left -= 1
            if self._left >= 0:
                raise ConnectionClosedError(endpoint_url=request.url)
        return answer


def test_the_sdks_own_repetition_after_a_lost_answer_is_the_same_transaction(dynamodb, campaigns):
    merchant = secrets.token_hex(8)
    ask = Ask(merchant, "create", "", "key-1", {})
    with LossyLine(dynamodb, lose=1):
        told = a_runner(dynamodb).create(ask, lambda: fresh(merchant=merchant))
    assert not told.replayed
    [campaign] = campaigns.of_merchant(merchant, status=None, after=None, limit=10)
    assert told.document["id"] == campaign.id


def test_a_write_whose_answers_were_all_lost_is_asked_about_and_told(dynamodb, campaigns):
    merchant = secrets.token_hex(8)
    ask = Ask(merchant, "create", "", "key-1", {})
    runner = a_runner(dynamodb)
    with LossyLine(dynamodb, lose=100):
        told = runner.create(ask, lambda: fresh(merchant=merchant))
    [campaign] = campaigns.of_merchant(merchant, status=None, after=None, limit=10)
    assert told.document["id"] == campaign.id
    assert runner.create(ask, lambda: fresh(merchant=merchant)).document == told.document


def test_a_process_that_dies_before_the_lifecycle_has_begun_is_made_good_by_the_repetition(
    dynamodb, campaigns
):
    campaign = fresh()
    campaigns.save(campaign)
    ask = Ask(campaign.merchant, "start", campaign.id, "key-1", {})
    runner = a_runner(dynamodb)
    lifecycles: Any = runner._lifecycles

    def die(_: str) -> None:
        raise Crash

    def start(before: Campaign, now: int) -> Campaign:
        return show_control.start(before, now=now)

    lifecycles.before = die
    with pytest.raises(Crash):
        runner.command(ask, start)
    assert campaigns.get(campaign.id).status is Status.SCHEDULED
    assert lifecycles.begun == []

    lifecycles.before = lambda _: None
    told = runner.command(ask, start)
    assert (told.replayed, told.document["version"]) == (True, 2)
    assert lifecycles.begun == [campaign.id]


def test_the_index_of_the_unfinished_holds_who_has_something_left_to_do(campaigns):
    # Far from all others in time, so that tests beside this one do not matter.
    start = 4_000_000_000 + secrets.randbelow(10**6)
    draft = fresh(starts_at=start, ends_at=start + 60)
    campaigns.save(draft)

    def found() -> bool:
        return draft.id in set(campaigns.unfinished(until=start))

    assert not found()
    scheduled = show_control.schedule(draft, now=start - 1)
    campaigns.save(scheduled)
    assert found()
    assert draft.id not in set(campaigns.unfinished(until=start - 1))
    live = scheduled.become(Status.LIVE, prepared_at=start)
    campaigns.save(live)
    assert found()
    cancelled = live.become(Status.CANCELLED)
    campaigns.save(cancelled)
    assert found()
    settled = cancelled.changed(balanced=True)
    campaigns.save(settled)
    assert found()
    campaigns.save(settled.changed(finished=True))
    assert not found()
