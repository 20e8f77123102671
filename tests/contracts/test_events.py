"""What ``events/`` promises is what the code publishes, and what the functions are invoked with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared import table
from shared.adapters.dynamodb_stream import read_record, role_of
from shared.contracts.event_catalogue import documents, example, file_name, schema, with_catalogue
from shared.contracts.events import EVENTS, SOURCE, Published
from shared.contracts.routes import route
from shared.domain.events import EventName
from shared.http_api import Api, Request, Response

PROJECT = Path(__file__).parents[2]
EVENTS_FOLDER = PROJECT / "events"
MACHINE = PROJECT / "infra" / "state_machines" / "campaign_lifecycle.asl.json"
INVOCATIONS = sorted((EVENTS_FOLDER / "invocations").glob("*.json"))
PERSONAL = {"buyer", "buyer_id", "ship_to", "address", "phone", "email", "payment_method"}

Json = dict[str, Any]


def read(path: Path) -> Json:
    document: Json = json.loads(path.read_text())
    return document


# -- schemas, examples, catalogue ------------------------------------------------------------------


def test_every_event_of_the_domain_has_a_model_of_its_name():
    assert {name.value for name in EventName} == set(EVENTS)


def test_the_committed_schemas_and_examples_are_those_of_the_models():
    committed = {
        path.relative_to(EVENTS_FOLDER).as_posix(): path.read_text()
        for folder in ("schemas", "examples")
        for path in (EVENTS_FOLDER / folder).iterdir()
    }
    assert committed == documents()


def test_the_catalogue_in_the_readme_is_that_of_the_models():
    readme = (EVENTS_FOLDER / "README.md").read_text()
    assert readme == with_catalogue(readme)
    assert all(f"[`{name}`]" in readme for name in EVENTS)


def test_the_readme_points_at_files_that_exist():
    readme = (EVENTS_FOLDER / "README.md").read_text()
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    assert [link for link in links if not (EVENTS_FOLDER / link).exists()] == []


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS)
def test_each_schema_is_one_and_its_example_satisfies_it_and_the_model(model: type[Published]):
    Draft202012Validator.check_schema(schema(model))
    committed = read(EVENTS_FOLDER / "examples" / file_name(model))

    Draft202012Validator(schema(model)).validate(committed)
    assert model.model_validate(committed).model_dump(mode="json") == committed


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS)
def test_the_envelope_is_the_same_for_all(model: type[Published]):
    envelope = ["id", "version", "occurred_at", "merchant", "campaign", "data"]
    assert list(model.model_fields) == envelope
    assert schema(model)["required"] == envelope


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS)
def test_a_consumer_that_validates_survives_a_field_added_later(model: type[Published]):
    later = example(model) | {"added": 1}
    later["data"] = later["data"] | {"added": 1}

    Draft202012Validator(schema(model)).validate(later)


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS)
def test_we_publish_no_field_that_is_not_promised(model: type[Published]):
    with pytest.raises(ValidationError):
        model.model_validate(example(model) | {"added": 1})


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS)
def test_no_field_is_about_a_person(model: type[Published]):
    assert not PERSONAL & {*example(model), *example(model)["data"]}


# -- whoever puts events on the bus ----------------------------------------------------------------


def test_the_machine_calls_for_a_person_in_the_words_of_its_schema():
    (entry,) = read(MACHINE)["States"]["Call a person"]["Parameters"]["Entries"]
    model = EVENTS[entry["DetailType"]]

    def fields(document: Json) -> list[str]:
        return sorted(name.removesuffix(".$") for name in document)

    assert entry["Source"] == SOURCE
    assert fields(entry["Detail"]) == sorted(model.model_fields)
    assert fields(entry["Detail"]["data"]) == sorted(example(model)["data"])
    assert entry["Detail"]["version"] == example(model)["version"]


def test_every_stream_has_its_records_here():
    streamed = {role for role, spec in table.TABLES.items() if spec.stream}
    recorded = {path.stem.removeprefix("stream_") for path in INVOCATIONS if "stream" in path.stem}

    assert recorded == streamed


# -- invocations -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [path for path in INVOCATIONS if "stream" in path.stem], ids=lambda path: path.stem
)
def test_the_stream_records_are_such_as_the_tables_streams_give(path: Path):
    for record in read(path)["Records"]:
        role = role_of(record["eventSourceARN"])
        spec = table.TABLES[role]
        written = record["dynamodb"]

        assert role == path.stem.removeprefix("stream_")
        assert written["StreamViewType"] == spec.stream
        assert set(written["Keys"]) == {name for name in (spec.key, spec.sort) if name}
        assert ("OldImage" in written) == (record["eventName"] == "MODIFY")
        read_record(record)


def test_the_request_passes_the_edge_of_its_function():
    event = read(EVENTS_FOLDER / "invocations" / "http_reserve.json")
    spec = route(event["routeKey"])
    api = Api()

    @api.route(spec.key, *spec.scopes)
    def answer(request: Request) -> Response:
        return Response(200, {"key": request.idempotency_key, **request.body})

    told = api(event)
    assert told["statusCode"] == 200
    assert json.loads(told["body"])["sku"] == "FUJI-12"
    assert event["headers"]["content-length"] == str(len(event["body"].encode()))


def test_the_schedule_and_the_task_are_what_the_machine_and_the_scheduler_send():
    schedule = read(EVENTS_FOLDER / "invocations" / "schedule_start_campaign.json")
    task = read(EVENTS_FOLDER / "invocations" / "task_keep_books.json")
    payload = read(MACHINE)["States"]["Keep the books"]["Parameters"]["Payload"]

    assert sorted(task) == sorted(name.removesuffix(".$") for name in payload)
    assert list(schedule) == ["campaign"]
