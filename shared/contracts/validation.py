"""From a body to a model, or to one sentence for each field that is wrong, without echoing what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.contracts import fields
from shared.domain.errors import InvalidRequest

MOST_ERRORS: Final = 20
LONGEST_NAME: Final = 64

Model = TypeVar("Model", bound=BaseModel)

_NUMBER = "Send a whole number: no quotes, no fraction, not true or false."
_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no field {name}.",
    "string_type": "Send a string.",
    "int_type": _NUMBER,
    "int_from_float": _NUMBER,
    "int_parsing": _NUMBER,
    "int_parsing_size": _NUMBER,
    "bool_type": "Send true or false.",
    "list_type": "Send a list.",
    "dict_type": "Send an object.",
    "model_type": "Send an object.",
    "model_attributes_type": "Send an object.",
    "string_unicode": "Send well-formed Unicode.",
    "greater_than_equal": "Must be {ge:,} or more.",
    "less_than_equal": "Must be {le:,} or less.",
    "string_too_long": "Must have {max_length:,} characters or fewer.",
    "literal_error": "Must be {expected}.",
    "union_tag_not_found": "Say in 'cue' what happens: one of {known}.",
    "union_tag_invalid": "There is no cue {tag}; use one of {known}.",
}
_PATTERNS: Final[Mapping[str, str]] = {
    fields.SKU_PATTERN: "Use 1 to 32 letters, digits, dots, underscores and hyphens, beginning with a letter or digit.",
    fields.COUPON_PATTERN: "Use 3 to 32 letters, digits, underscores and hyphens, beginning with a letter or digit.",
    fields.LANGUAGE_PATTERN: "Use a language tag such as en, zh or pt-BR.",
    fields.SLUG_PATTERN: "Use 1 to 32 lower-case letters, digits, underscores and hyphens.",
    fields.CURRENCY_PATTERN: "Use three capital letters, such as CNY or USD.",
    fields.EMAIL_PATTERN: "Use an address such as name@example.com.",
}


def read(model: type[Model], body: Mapping[str, Any]) -> Model:
    """The body as a model, or ``InvalidRequest`` naming each field at fault."""
    try:
        return model.model_validate(body)
    except ValidationError as fault:
        raise invalid(fault.errors(include_url=False)) from None


def invalid(faults: Sequence[ErrorDetails]) -> InvalidRequest:
    """The refusal for pydantic's findings, at most ``MOST_ERRORS`` of them."""
    errors = [_error(fault) for fault in faults[:MOST_ERRORS]]
    if len(faults) > MOST_ERRORS:
        return InvalidRequest(
            f"{InvalidRequest.advice} The first {MOST_ERRORS} of {len(faults):,} faults are named.",
            errors=errors,
        )
    return InvalidRequest(errors=errors)


def _error(fault: ErrorDetails) -> dict[str, str]:
    suggestion = fault.get("ctx", {}).get("suggestion")
    named = {"pointer": pointer(fault), "detail": sentence(fault)}
    return named if suggestion is None else {**named, "suggestion": str(suggestion)}


def pointer(fault: ErrorDetails) -> str:
    """The JSON pointer (RFC 6901) of what is at fault; of the object around it, if its name is too long to repeat."""
    steps = []
    cue = ["cue"] if fault["type"] in _CUE_FAULTS else []
    for step in [*_path(fault["loc"]), *cue]:
        if len(str(step)) > LONGEST_NAME:
            break
        steps.append("/" + str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(steps)


def sentence(fault: ErrorDetails) -> str:
    """What is wrong with a field, and what would be right."""
    kind = fault["type"]
    facts = {"name": short(fault["loc"][-1]) if fault["loc"] else "", **fault.get("ctx", {})}
    if kind == "string_pattern_mismatch":
        # One that has no sentence yet is still no fault of ours.
        said = _PATTERNS.get(facts["pattern"], fault["msg"])
    elif kind == "string_too_short":
        said = "Must not be empty."
    elif kind in ("too_short", "too_long"):
        said = _size(kind, facts)
    elif kind in _CUE_FAULTS:
        known = str(facts.get("expected_tags", ", ".join(_CUE_KINDS))).replace("'", "")
        said = _SENTENCES[kind].format(tag=short(facts.get("tag", "")), known=known)
    else:
        said = _SENTENCES[kind].format_map(facts) if kind in _SENTENCES else fault["msg"]
    return f"As a name: {said}" if fault["loc"][-1:] == ("[key]",) else said


def short(value: object) -> str:
    """What was sent, fit for a sentence: printable and at most ``LONGEST_NAME`` characters."""
    text = str(value)
    return ascii(text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "...")


def _size(kind: str, facts: Mapping[str, Any]) -> str:
    if kind == "too_short":
        return f"Must have {facts['min_length']} or more entries."
    return f"Must have {facts['max_length']} or fewer entries."


def _path(location: Sequence[int | str]) -> list[int | str]:
    """Where in the body: without the marks that pydantic adds for the name of a member and for the kind of a thing."""
    return [
        step
        for index, step in enumerate(location)
        if step not in _MARKS
        and not (index and isinstance(location[index - 1], int) and step in _CUE_KINDS)
    ]


_MARKS: Final = frozenset({"[key]", fields.SECOND, fields.TIME_OF_DAY})
_CUE_FAULTS: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})
_CUE_KINDS: Final = (*("pin", "unpin", "flash_price", "coupon", "release_stock", "announce"),)
