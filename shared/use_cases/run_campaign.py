"""
What the marketing team does with a campaign, from its creation to its end.

A command changes the campaign, keeps its answer, and has an effect outside the store: a schedule is
made, a lifecycle begins. The first two are one transaction. The third cannot be part of it, and the
process may die at any point, so the order is:

1. **Arm.** Before a campaign becomes scheduled, or its start moves, the schedule of that start is
   made. If nothing is written afterwards, it fires for nothing: it only asks whether the campaign
   is due.
2. **Write** the campaign and the answer.
3. **Follow.** Begin the lifecycle at once if the campaign is due; take the schedule back if it is
   cancelled; tell the stock blocks, if there are any, what has become of the
   campaign. A repeated request does this again, from the campaign as it is by then, since each
   effect is harmless the second time. If nobody repeats it, the armed schedule begins the lifecycle
   a minute later, and the next beat tells the blocks.

So at no instant is there a scheduled campaign that nothing will start.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared import clock
from shared.domain import live_plan, show_control, show_plan
from shared.domain.campaign import NOBODY, ON_AIR, Campaign, Status
from shared.domain.errors import (
    CampaignNotFound,
    CampaignState,
    IdempotencyKeyReused,
    InvalidRequest,
    PreconditionFailed,
    Refusal,
    StoreBusy,
)
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.begin_campaign import SOON
from shared.use_cases.ports import (
    Answered,
    AnsweredBefore,
    Answers,
    Campaigns,
    ChangedMeanwhile,
    Lifecycles,
    StartSchedules,
)

HONOURED: Final = 24 * 3600
"""Seconds that an Idempotency-Key is honoured."""
TRIES: Final = 8
"""How often a command meets a change that came first before it gives up."""

EARLY: Final = 200
"""Milliseconds of a second in which what holds from the next one on may be decided: 300 are left to write it, and half a
second for every seller's copy to be renewed."""

Shape = Callable[[Campaign], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be answered once: who asks for what, under which Idempotency-Key."""

    merchant: str
    endpoint: str
    resource: str
    key: str
    body: Mapping[str, Any]
    by: str = NOBODY
    """Public id of the API key that it came with."""
    version: int | None = None
    """Of the campaign, that it was decided from; ``None``: from whichever stands there."""

    @property
    def id(self) -> str:
        """One for each merchant, endpoint, resource and key."""
        return _digest([self.merchant, self.endpoint, self.resource, self.key])

    @property
    def fingerprint(self) -> str:
        """The same for the same body, however it was spaced and ordered."""
        return _digest(self.body)


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller is told."""

    status: int
    document: Mapping[str, Any]
    replayed: bool


class ShowRunner:
    """Creates, changes and commands campaigns. ``shape`` makes the answer of a campaign."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        answers: Answers,
        schedules: StartSchedules,
        lifecycles: Lifecycles,
        stockroom: Stockroom,
        shape: Shape,
        lead: int,
        now: Callable[[], int] = clock.now_seconds,
        millis: Callable[[], int] = clock.now_millis,
        pause: Callable[[float], None] = clock.pause,
    ) -> None:
        self._millis = millis
        self._campaigns = campaigns
        self._answers = answers
        self._schedules = schedules
        self._lifecycles = lifecycles
        self._stockroom = stockroom
        self._shape = shape
        self._lead = lead
        self._now = now
        self._pause = pause

    def create(self, ask: Ask, make: Callable[[], Campaign]) -> Told:
        """Keep a new campaign. ``make`` is not called for a request that was answered before."""

        def attempt(now: int) -> Answered:
            campaign = show_plan.checked(make())
            answered = self._answer(ask, 201, campaign, now)
            self._campaigns.save(campaign, answered=answered, now=now, by=ask.by)
            return answered

        return self._once(ask, attempt)

    def direct(self, ask: Ask, decide: Callable[[Campaign, int], Campaign]) -> Told:
        """A command that holds from the next second on: decided so early in this one that every copy is renewed before."""

        def punctually(campaign: Campaign, _now: int) -> Campaign:
            return decide(campaign, self._early_in_a_second())

        return self.command(ask, punctually)

    def _early_in_a_second(self) -> int:
        """The second that it is, once it is so young that what is written now is known everywhere when the next begins."""
        late = self._millis() % 1000 - EARLY
        if late > 0:
            self._pause((1000 - EARLY - late) / 1000)
        return self._millis() // 1000

    def command(self, ask: Ask, decide: Callable[[Campaign, int], Campaign]) -> Told:
        """
        Apply a command to the campaign that ``ask`` names.

        ``decide`` gives the campaign as it is afterwards, or the same if there is nothing to do,
        or raises the refusal. It is asked again whenever another change came first.
        """

        def attempt(now: int) -> Answered:
            before = self.owned(ask.merchant, ask.resource)
            after = _decided(ask, decide, before, now)
            if after.status is Status.PAUSING and self._stockroom.is_small(after):
                # Whoever waits for it wants to be told ``paused``. If this is the last of us, the beat goes on with it.
                if after is not before:
                    self._campaigns.save(after, by=ask.by)
                before, after = after, self._stockroom.arranged(after)
            answered = self._answer(ask, 200, after, now)
            if after is before:
                self._answers.keep(answered, now=now)
            else:
                self._arm(before, after, now)
                self._campaigns.save(after, answered=answered, now=now, by=ask.by)
                self._forget_start(before, after)
            return answered

        told = self._once(ask, attempt)
        self._follow(ask.resource)
        return told

    def revise(
        self,
        merchant: str,
        campaign_id: str,
        version: int,
        changes: Callable[[Campaign], Mapping[str, Any]],
        by: str = NOBODY,
    ) -> Campaign:
        """
        Change the plan of a campaign as it was in ``version``, or ``PreconditionFailed``. While the show is on, what buyers
        see of it holds from the next second on. ``by``: id of the key.
        """
        before = self.owned(merchant, campaign_id)
        if before.version != version:
            raise PreconditionFailed(version=before.version)
        now, laid_out = self._now(), True
        if before.status in ON_AIR:
            now = self._early_in_a_second()
            after = live_plan.revised_on_air(before, changes(before), now=now)
        else:
            laid_out = show_control.is_laid_out(before, now, self._lead + SOON)
            after = show_plan.revised(before, changes(before), laid_out=laid_out)
        if after is before:
            return before
        if after.status is Status.SCHEDULED and not laid_out and after.starts_at < now:
            said = "Must be in the future, for the campaign is scheduled; or POST …/start."
            raise InvalidRequest(errors=[{"pointer": "/starts_at", "detail": said}])
        self._arm(before, after, now)
        try:
            self._campaigns.save(after, by=by)
        except ChangedMeanwhile:
            raise PreconditionFailed from None
        self._forget_start(before, after)
        self._follow(campaign_id)
        # Units that were added may be on sale by now, which is another version.
        return self._campaigns.get(campaign_id) if before.status in ON_AIR else after

    def owned(self, merchant: str, campaign_id: str) -> Campaign:
        """A campaign of the merchant; what is another's does not exist: ``CampaignNotFound``."""
        campaign = self._campaigns.get(campaign_id)
        if campaign.merchant != merchant:
            raise CampaignNotFound
        return campaign

    # -- once --------------------------------------------------------------------------------------

    def _once(self, ask: Ask, attempt: Callable[[int], Answered]) -> Told:
        for number in range(TRIES):
            now = self._now()
            # Looked up first, though the write finds it too: a repeated command would otherwise be
            # refused for what it has done itself, such as cancelling a cancelled campaign.
            answered = self._answers.recall(ask.id, now=now)
            if answered is not None:
                return replay(ask, answered)
            try:
                answered = attempt(now)
            except AnsweredBefore as before:
                return replay(ask, before.answered)
            except ChangedMeanwhile:
                self._pause(random.uniform(0, 0.01 * 2**number))  # noqa: S311
                continue
            except Refusal:
                # Perhaps its twin, sent at the same time, has just done what is refused by now; or the
                # store was busy after the write came through. What is not known is asked about.
                answered = self._answers.recall(ask.id, now=now)
                if answered is not None:
                    return replay(ask, answered)
                raise
            return Told(answered.status, json.loads(answered.document), replayed=False)
        raise StoreBusy("The campaign is being changed by others all the time.")

    def _answer(self, ask: Ask, status: int, campaign: Campaign, now: int) -> Answered:
        document = json.dumps(self._shape(campaign), ensure_ascii=False, separators=(",", ":"))
        return Answered(ask.id, ask.fingerprint, status, document, now + HONOURED)

    # -- effects -----------------------------------------------------------------------------------

    def _arm(self, before: Campaign, after: Campaign, now: int) -> None:
        """Have a start asked for that nothing asks for yet."""
        armed = before.status is Status.SCHEDULED and before.starts_at == after.starts_at
        if after.status is Status.SCHEDULED and not armed:
            self._ask_for_start(after, now)

    def _ask_for_start(self, campaign: Campaign, now: int) -> None:
        self._schedules.arm(campaign, at=max(campaign.starts_at - self._lead, now + SOON))

    def _forget_start(self, before: Campaign, after: Campaign) -> None:
        """Tidy up after a start that was moved. Left undone, its schedule would fire for nothing."""
        if before.status is Status.SCHEDULED and before.starts_at != after.starts_at:
            self._schedules.disarm(before)

    def _follow(self, campaign_id: str) -> None:
        """Do what the campaign asks for as it is by now, whatever was done of it before."""
        campaign, now = self._campaigns.get(campaign_id), self._now()
        if show_control.is_due(campaign, now, self._lead + SOON):
            self._lifecycles.begin(campaign.id)
            self._schedules.disarm(campaign)
        elif campaign.status is Status.SCHEDULED:
            # Armed before, unless a rival's tidying took it back: a start moved there and back.
            self._ask_for_start(campaign, now)
        elif campaign.status is Status.CANCELLED:
            self._schedules.disarm(campaign)
        self._stockroom.see_to(campaign)


def _decided(
    ask: Ask, decide: Callable[[Campaign, int], Campaign], before: Campaign, now: int
) -> Campaign:
    """What ``decide`` makes of the campaign, if it is the version that was asked for; ``PreconditionFailed``."""
    if ask.version in (None, before.version):
        return decide(before, now)
    try:
        after = decide(before, now)
    except CampaignState:
        raise PreconditionFailed(version=before.version) from None
    if after is not before:
        raise PreconditionFailed(version=before.version)
    # There is nothing to do: perhaps by this very request, whose answer was lost.
    return after


def replay(ask: Ask, answered: Answered) -> Told:
    """What was told before; ``IdempotencyKeyReused`` if that was another request."""
    if answered.fingerprint != ask.fingerprint:
        raise IdempotencyKeyReused
    return Told(answered.status, json.loads(answered.document), replayed=True)


def _digest(facts: object) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
