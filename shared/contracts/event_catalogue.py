"""What ``events/`` says of the published events, made from their models: schemas, examples, and the table of its README."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from shared.contracts.events import EVENTS, VERSION, Published
from shared.domain.events import EventName, event_id

BEGIN: Final = "<!-- generated from shared/contracts/events.py by `make generate` -->"
END: Final = "<!-- end of what is generated -->"


def documents() -> Mapping[str, str]:
    """The text of each generated file, by its path under ``events/``."""
    found = {}
    for model in EVENTS.values():
        found[f"schemas/{file_name(model)}"] = _text(schema(model))
        found[f"examples/{file_name(model)}"] = _text(example(model))
    return found


def file_name(model: type[Published]) -> str:
    """``OrderPaid`` is ``order_paid.v1.json``."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__).lower()
    return f"{snake}.v{VERSION}.json"


def schema(model: type[Published]) -> dict[str, Any]:
    """JSON Schema of an event's detail."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:livehour:event:{model.__name__}:{VERSION}",
        **model.model_json_schema(mode="serialization"),
    }


def example(model: type[Published]) -> dict[str, Any]:
    """An event's detail, put together from the examples of its fields."""
    of_its_own = {"id": event_id(EventName(model.__name__), "example")}
    return _example(model) | of_its_own


def _example(model: type[BaseModel]) -> dict[str, Any]:
    values = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        if inspect.isclass(inner) and issubclass(inner, BaseModel):
            values[name] = _example(inner)
        else:
            values[name] = (field.examples or [])[0]
    return values


def with_catalogue(readme: str) -> str:
    """The README with the table of events as it is now between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_catalogue()}\n\n{END}{after}"


def _catalogue() -> str:
    rows = [
        f"| [`{name}`](schemas/{file_name(model)}) ([example](examples/{file_name(model)})) "
        f"| {inspect.getdoc(model)} | {model.told_by} | {_fields(model)} |"
        for name, model in EVENTS.items()
    ]
    return "\n".join(["| event | when | from | `data` |", "| --- | --- | --- | --- |", *rows])


def _fields(model: type[Published]) -> str:
    data = model.model_fields["data"].annotation
    if not (inspect.isclass(data) and issubclass(data, BaseModel)):
        raise TypeError(f"the data of {model.__name__} is no model")
    return ", ".join(f"`{name}`" for name in data.model_fields)


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
