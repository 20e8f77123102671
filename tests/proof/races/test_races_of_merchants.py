"""Races of a merchant's own people, through the functions as they are deployed: one effect, one answer to each request."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.campaigns import handler as campaigns
from functions.rehearsals import handler as rehearsals
from functions.start_campaign import handler as start_campaign
from local.simulation.sdk import Client, QuietLine, Serve
from local.simulation.services import Executions, Schedules
from local.simulation.world import SETTINGS
from shared import wiring
from shared.domain.errors import StoreBusy
from shared.use_cases.rehearsal_ports import change_rehearsal
from tests import gateway
from tests.builders import campaign_body
from tests.gateway import Answer, Handler
from tests.proof.checkers import durable, one_answer
from tests.proof.history import History, Type
from tests.proof.races.conftest import Tally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROUNDS = range(4)
CAMPAIGNS = "POST /v1/campaigns"
CAMPAIGN = "/v1/campaigns/{campaign_id}"

Act = Callable[[], Any]


class Office:
    """People of one merchant, each at a screen of their own; the schedules and executions that they cause."""

    def __init__(self, executions: Executions) -> None:
        self.merchant = f"mer_{secrets.token_hex(8)}"
        self.executions = executions
        self.history = History()

    def ask(
        self,
        person: int,
        route: str,
        body: Any = None,
        *,
        key: str = "",
        function: Handler = campaigns.lambda_handler,
        **request: Any,
    ) -> Answer:
        """One request, written down under its key. What cannot be told is ``info``: whoever asks would ask again."""
        headers = {"Idempotency-Key": key} if key else {}
        headers |= request.pop("headers", {})
        verb = route.rpartition("/")[2] if key else route.partition(" ")[0]
        self.history.note(person, Type.INVOKE, verb, key or person)
        answer = gateway.call(
            function, route, body, headers=headers, merchant=self.merchant, **request
        )
        assert answer.status not in (500, 502), answer.text
        if answer.status == StoreBusy.status:
            self.history.note(person, Type.INFO, verb, key or person)
        elif answer.status >= 400:
            self.history.note(person, Type.FAIL, verb, answer.code)
        else:
            self.history.note(person, Type.OK, verb, (answer.status, answer.text))
        return answer

    def at_once(self, acts: list[Act]) -> list[Any]:
        barrier = threading.Barrier(len(acts))

        def run(act: Act) -> Any:
            barrier.wait()
            return act()

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts))

    def draft(self, **fields: Any) -> dict[str, Any]:
        """A campaign for tomorrow."""
        starts = datetime.now(UTC) + timedelta(days=1)
        times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1)}
        body = campaign_body(
            **{name: at.isoformat(timespec="seconds") for name, at in times.items()}, **fields
        )
        made: dict[str, Any] = self.ask(
            0, CAMPAIGNS, body, key=f"draft {secrets.token_hex(4)}"
        ).body
        return made

    def read(self, campaign_id: str) -> dict[str, Any]:
        path = {"campaign_id": campaign_id}
        found = gateway.call(
            campaigns.lambda_handler, f"GET {CAMPAIGN}", path=path, merchant=self.merchant
        )
        body: dict[str, Any] = found.body
        return body

    def all(self) -> list[dict[str, Any]]:
        found = gateway.call(
            campaigns.lambda_handler,
            "GET /v1/campaigns",
            query={"limit": "100"},
            merchant=self.merchant,
        )
        data: list[dict[str, Any]] = found.body["data"]
        return data


@pytest.fixture
def office(
    wired: None, crowd: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> Iterator[Office]:
    """An office whose requests reach DynamoDB Local, and schedules and executions in memory."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    executions = Executions(lambda *_: None)
    services = {
        "scheduler": Schedules(lambda *_: None).serve,
        "stepfunctions": executions.serve,
        "lambda": lambda *_: {"StatusCode": 202},
    }

    def connect(service: str) -> Any:
        if service == "dynamodb":
            return crowd
        return Client(service, one_at_a_time(services[service]), QuietLine())

    monkeypatch.setattr(wiring, "connect", connect)
    office = Office(executions)
    yield office
    tally(office.history)


def one_at_a_time(serve: Serve) -> Serve:
    """A service that is asked by many threads, as one that is asked over a network."""
    lock = threading.Lock()

    def served(operation: str, request: Any) -> dict[str, Any]:
        with lock:
            return serve(operation, request)

    return served


# -- creating ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_twenty_creations_under_one_key_make_one_campaign(office: Office, seed: int):
    body = campaign_body(name=f"Show {seed}")
    answers = office.at_once(
        [partial(office.ask, person, CAMPAIGNS, body, key="one") for person in range(20)]
    )
    assert {answer.status for answer in answers} == {201}
    replayed = Counter(answer.headers.get("idempotent-replayed") for answer in answers)
    assert replayed == {None: 1, "true": 19}
    [made] = office.all()
    assert {answer.body["id"] for answer in answers} == {made["id"]}
    assert one_answer(office.history, "campaigns") == []
    assert durable(office.history, "campaigns", ["one"] * len(office.all())) == []


@pytest.mark.parametrize("seed", range(3))
def test_of_two_bodies_under_one_key_one_is_answered_and_the_other_refused(
    office: Office, seed: int
):
    bodies = [campaign_body(name="One"), campaign_body(name="Other")]
    answers = office.at_once(
        [
            partial(office.ask, person, CAMPAIGNS, bodies[person % 2], key="one")
            for person in range(12 + seed)
        ]
    )
    [made] = office.all()
    for person, answer in enumerate(answers):
        if bodies[person % 2]["name"] == made["name"]:
            assert (answer.status, answer.body) == (201, answers[person % 2].body)
        else:
            assert answer.code == "idempotency_key_reused"


# -- editing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_of_those_who_edit_the_same_version_one_is_first_and_the_others_look_again(
    office: Office, seed: int
):
    draft = office.draft()
    people = 2 + 2 * seed

    def patch(person: int) -> Answer:
        headers = {"If-Match": f'"{draft["version"]}"'}
        path = {"campaign_id": draft["id"]}
        body = {"name": f"By {person}"}
        return office.ask(person, f"PATCH {CAMPAIGN}", body, path=path, headers=headers)

    answers = office.at_once([partial(patch, person) for person in range(people)])
    assert Counter(answer.status for answer in answers) == {200: 1, 412: people - 1}
    [first] = [person for person, answer in enumerate(answers) if answer.status == 200]
    standing = office.read(draft["id"])
    assert (standing["name"], standing["version"]) == (f"By {first}", draft["version"] + 1)
    assert answers[first].headers["etag"] == f'"{standing["version"]}"'
    assert durable(office.history, "PATCH", [int(standing["name"].split()[1])]) == []


# -- commands ------------------------------------------------------------------------------------------


def command(office: Office, person: int, verb: str, campaign_id: str, key: str = "") -> Answer:
    body = {"reason": "Storm"} if verb == "cancel" else None
    route, path = f"POST {CAMPAIGN}/{verb}", {"campaign_id": campaign_id}
    return office.ask(person, route, body, key=key or f"{verb} {person}", path=path)


@pytest.mark.parametrize("seed", ROUNDS)
def test_ten_starts_at_once_begin_one_execution(office: Office, seed: int):
    """Half of them under keys of their own, half repeated; on odd rounds the draft was scheduled before."""
    draft = office.draft()
    if seed % 2:
        assert command(office, 0, "schedule", draft["id"]).status == 200
    before = office.read(draft["id"])["version"]
    answers = office.at_once(
        [
            partial(command, office, person, "start", draft["id"], f"start {person % 5}")
            for person in range(10)
        ]
    )
    assert {answer.status for answer in answers} <= {200, 503}
    assert 200 in {answer.status for answer in answers}
    standing = office.read(draft["id"])
    assert (standing["status"], standing["version"]) == ("scheduled", before + 1)
    assert office.executions.running == [draft["id"]]
    assert one_answer(office.history, "start") == []
    # The schedule that was armed for it fires, twice, and finds it begun.
    for _ in range(2):
        start_campaign.lambda_handler({"campaign": draft["id"]})
    assert office.executions.running == [draft["id"]]


@pytest.mark.parametrize("seed", ROUNDS)
def test_ten_schedulings_at_once_schedule_once(office: Office, seed: int):
    draft = office.draft()
    answers = office.at_once(
        [
            partial(
                command, office, person, "schedule", draft["id"], f"schedule {person % (1 + seed)}"
            )
            for person in range(10)
        ]
    )
    assert {answer.status for answer in answers} <= {200, 409, 503}
    told = {answer.text for answer in answers if answer.status == 200}
    assert len(told) == 1
    assert office.read(draft["id"])["version"] == draft["version"] + 1
    assert one_answer(office.history, "schedule") == []


@pytest.mark.parametrize("seed", ROUNDS)
def test_twenty_attempts_of_one_cancellation_are_all_answered_the_same(office: Office, seed: int):
    draft = office.draft()
    if seed % 2:
        command(office, 0, "schedule", draft["id"])
    before = office.read(draft["id"])["version"]
    answers = office.at_once(
        [partial(command, office, person, "cancel", draft["id"], "once") for person in range(20)]
    )
    assert {answer.status for answer in answers} <= {200, 503}
    assert office.read(draft["id"])["version"] == before + 1
    assert one_answer(office.history, "cancel") == []


@pytest.mark.parametrize("seed", range(6))
def test_of_a_start_and_a_calling_off_each_is_told_what_became_of_it(office: Office, seed: int):
    draft = office.draft()
    command(office, 0, "schedule", draft["id"])
    verbs = ["start", "cancel"] * (1 + seed % 2)
    answers = office.at_once(
        [
            partial(command, office, person, verb, draft["id"])
            for person, verb in enumerate(verbs, start=1)
        ]
    )
    standing = office.read(draft["id"])
    cancelled = [each for verb, each in zip(verbs, answers, strict=True) if verb == "cancel"]
    started = [each for verb, each in zip(verbs, answers, strict=True) if verb == "start"]
    # A show that was started may still be called off; one that was called off is not started.
    assert standing["status"] == "cancelled"
    assert 200 in {answer.status for answer in cancelled}
    assert {answer.status for answer in started} <= {200, 409, 503}
    assert set(office.executions.running) <= {draft["id"]}


# -- rehearsing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ROUNDS)
def test_of_many_rehearsals_of_one_campaign_at_once_one_begins(office: Office, seed: int):
    """Some ask twice. On odd rounds one was over and swept away before."""
    draft = office.draft()
    if seed % 2:
        swept = rehearse(office, 0, draft["id"], "before").body["id"]
        change_rehearsal(
            wiring.rehearsals(), swept, lambda rehearsal: rehearsal.changed(cleaned=True)
        )
    running = list(office.executions.running)
    answers = office.at_once(
        [
            partial(rehearse, office, person, draft["id"], f"rehearse {person % 8}")
            for person in range(12)
        ]
    )
    [begun] = {answer.body["id"] for answer in answers if answer.status == 201}
    refused = [answer for answer in answers if answer.status == 409]
    assert {answer.code for answer in refused} <= {"rehearsal_under_way"}
    assert {answer.body["rehearsal"] for answer in refused} == {begun}
    assert {answer.status for answer in answers} <= {201, 409, 503}
    assert office.executions.running == [*running, begun]
    assert wiring.rehearsals().last(draft["id"]) == begun
    assert one_answer(office.history, "rehearse") == []


def rehearse(office: Office, person: int, campaign_id: str, key: str) -> Answer:
    return office.ask(
        person,
        f"POST {CAMPAIGN}/rehearse",
        {"expected_buyers": 1},
        key=key,
        path={"campaign_id": campaign_id},
        function=rehearsals.lambda_handler,
    )
