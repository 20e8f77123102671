"""The OpenAPI 3.1 document, made from the routes, the models and the tree of refusals: ``docs/openapi.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from shared.contracts import identifiers
from shared.contracts.operations import (
    IF_MATCH,
    Operation,
    Parameter,
    is_answered_once,
    refusals_of,
    specified,
)
from shared.contracts.problems import Problem, refusals
from shared.contracts.routes import RouteSpec
from shared.domain.errors import Refusal, TooManyHolds

Json = dict[str, Any]

VERSION: Final = "1"
KEY_PATTERN: Final = "^[!-~]([ -~]*[!-~])?$"
"""Of an Idempotency-Key: printable ASCII. Blanks around it are not part of it."""
ABOUT: Final = """\
The backend of a one-off livestream sale: campaigns, timed reservations, orders, and totals that are
exact while the show runs.

Money is an integer of minor units beside an ISO 4217 `currency`. Times are RFC 3339 in UTC. Ids are
opaque. Bodies are JSON in UTF-8, at most 16 KB; an unknown field is refused. Every answer has an
`X-Request-Id`.

Every POST of a key holder needs an `Idempotency-Key`: repeat a request with the same key and body,
and it is answered as before, with `Idempotent-Replayed: true`. Whatever is refused is refused with a
problem document (RFC 9457), whose `code` never changes.
"""
TAGS: Final = {
    "campaigns": "Campaigns: what is sold, when, and at which price.",
    "reserve": "The sale: what a storefront shows and reserves.",
    "checkout": "Orders: what becomes of a reservation.",
    "payment_webhooks": "Events of payment providers.",
    "totals": "Totals: live, over time, and after the close.",
    "rehearsals": "Rehearsals: the plan at speed, before anybody buys.",
    "api_reference": "This reference.",
}


def _header(description: str, schema: Json | None = None, *, always: bool = True) -> Json:
    return {"description": description, "required": always, "schema": schema or {"type": "string"}}


HEADERS: Final[Json] = {
    "X-Request-Id": _header("Names this answer in our logs."),
    "ETag": _header("The version, in quotes.", {"type": "string", "pattern": '^"[0-9]{1,15}"$'}),
    "Idempotent-Replayed": _header(
        "`true` if this is what an earlier attempt was told; else left out.",
        {"type": "string", "const": "true"},
        always=False,
    ),
    "Retry-After": _header(
        "Seconds after which to repeat the request.", {"type": "integer", "minimum": 1}
    ),
    "Cache-Control": _header("`private, max-age=1`."),
    "Link": _header("Where the files of the closing package are listed (RFC 8288).", always=False),
    "X-Poll-Interval": _header(
        "Seconds after which to ask again.", {"type": "integer", "minimum": 1}
    ),
    "WWW-Authenticate": _header("`Bearer`."),
}


def document() -> Json:
    """The whole reference."""
    paths: Json = {}
    refused: Json = {}
    for spec, operation in specified():
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec, operation)
        refused.update({_name(group): _refused(group) for group in _refused_by(spec)})
    return {
        "openapi": "3.1.0",
        "info": {"title": "livehour", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": refused,
            "examples": {
                refusal.code: {"summary": refusal.title, "value": _problem_example(refusal)}
                for refusal in refusals()
            },
            "headers": HEADERS,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`lh_<scope>_<random>`: a key of one merchant and one scope.",
                }
            },
        },
        "x-problems": [_problem_entry(refusal) for refusal in refusals()],
    }


def render() -> str:
    """The file as it is committed."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


# -- operations ------------------------------------------------------------------------------------


def _operation(spec: RouteSpec, operation: Operation) -> Json:
    found: Json = {
        "operationId": operation.id,
        "tags": [spec.function],
        "summary": spec.summary,
        "description": _described(spec, operation),
        "security": [{"key": list(spec.scopes)}] if spec.scopes else [],
        "parameters": _parameters(spec, operation),
        "responses": {str(operation.status): _answer(spec, operation)},
    }
    if operation.takes is not None:
        found["requestBody"] = {
            # No body is read as an empty one.
            "required": any(
                member.is_required() for member in operation.takes.model_fields.values()
            ),
            "content": {
                "application/json": {
                    "schema": _ref(operation.takes),
                    "example": operation.sends,
                }
            },
        }
    if operation.not_modified:
        found["responses"]["304"] = {
            "description": "The version at hand is the latest.",
            "headers": _headers("X-Request-Id", *operation.answer_headers),
        }
    if operation.nothing_made and operation.answers is not None:
        found["responses"]["200"] = {
            "description": operation.nothing_made,
            "headers": _headers("X-Request-Id", *operation.answer_headers),
            "content": {"application/json": {"schema": _ref(operation.answers)}},
        }
    for group in _refused_by(spec):
        found["responses"][str(group[0].status)] = {
            "$ref": f"#/components/responses/{_name(group)}"
        }
    return found


def _described(spec: RouteSpec, operation: Operation) -> str:
    if not spec.scopes:
        return operation.description
    scopes = " or ".join(f"`{scope}`" for scope in spec.scopes)
    return f"{operation.description} Key: {scopes}."


def _parameters(spec: RouteSpec, operation: Operation) -> list[Json]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": identifiers.PATH[name]}
        for name in re.findall(r"\{(\w+)\}", spec.path)
    ]
    if is_answered_once(spec):
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "A fresh random value for each new request; the same to repeat it.",
                "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": 255},
            }
        )
    return found + [_parameter(parameter) for parameter in operation.parameters]


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def _answer(spec: RouteSpec, operation: Operation) -> Json:
    replayed = ("Idempotent-Replayed",) if is_answered_once(spec) else ()
    if operation.answers is not None:
        content = {"schema": _ref(operation.answers), "example": operation.gives}
    else:
        content = {"schema": {"type": "string" if operation.media == "text/html" else "object"}}
    answer: Json = {
        "description": operation.answers.__doc__.split(".")[0] + "."
        if operation.answers and operation.answers.__doc__
        else "The reference.",
        "headers": _headers("X-Request-Id", *operation.answer_headers, *replayed),
        "content": {operation.media: content},
    }
    if operation.status == 201:
        answer["links"] = dict(_links(operation))
    return answer


def _links(made: Operation) -> Iterator[tuple[str, Json]]:
    """Where what was made can be asked about, and what can be done with it: the routes that take its id."""
    assert made.answers is not None  # noqa: S101 - tells the type checker what 201 means here
    (kind,) = get_args(made.answers.model_fields["object"].annotation)
    for spec, operation in specified():
        if f"{{{kind}_id}}" in spec.path:
            parameters = {f"{kind}_id": "$response.body#/id"}
            if IF_MATCH in operation.parameters:
                parameters[f"{IF_MATCH.place}.{IF_MATCH.name}"] = "$response.header.ETag"
            yield operation.id, {"operationId": operation.id, "parameters": parameters}
        elif kind in operation.about:
            yield operation.id, {"operationId": operation.id, **operation.about[kind]}


def _refused_by(spec: RouteSpec) -> list[list[type[Refusal]]]:
    """What a route refuses with, one list for each status."""
    by_status = groupby(refusals_of(spec), key=lambda refusal: refusal.status)
    return [list(group) for _, group in by_status]


def _name(group: list[type[Refusal]]) -> str:
    """Of the answer that several routes share: the codes that it may carry."""
    return ".".join(refusal.code for refusal in group)


def _refused(group: list[type[Refusal]]) -> Json:
    status = group[0].status
    extra = {401: ("WWW-Authenticate",), 503: ("Retry-After",)}.get(status, ())
    headers = _headers("X-Request-Id", *extra)
    if TooManyHolds in group:
        # Of all refusals with this status, only this one has it.
        headers["Retry-After"] = _header(
            "Seconds after which to repeat the request; with `too_many_holds` only.",
            {"type": "integer", "minimum": 1},
            always=False,
        )
    return {
        "description": "; ".join(f"`{refusal.code}`" for refusal in group),
        "headers": headers,
        "content": {
            "application/problem+json": {
                "schema": _ref(Problem),
                "examples": {
                    refusal.code: {"$ref": f"#/components/examples/{refusal.code}"}
                    for refusal in group
                },
            }
        },
    }


# -- parts -----------------------------------------------------------------------------------------


def _problem_example(refusal: type[Refusal]) -> Json:
    return {
        "type": f"/docs#problem-{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.advice,
        "code": refusal.code,
        "request_id": "JKJaXmPLvHcESHA=",
    }


def _problem_entry(refusal: type[Refusal]) -> Json:
    return {
        "code": refusal.code,
        "status": refusal.status,
        "title": refusal.title,
        "advice": refusal.advice,
    }


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _models() -> Iterable[type[BaseModel]]:
    for _, operation in specified():
        yield from filter(None, (operation.takes, operation.answers))
    yield Problem


class _Untitled(GenerateJsonSchema):
    """Leaves out titles that only repeat the name of a field."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _schemas() -> Json:
    # Nothing of ours is written otherwise than it is read, so each model has one schema and one name.
    models = dict.fromkeys(_models())
    _, definitions = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Untitled,
    )
    schemas: Json = definitions["$defs"]
    return {name: schemas[name] for name in sorted(schemas)}
