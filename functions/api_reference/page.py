"""The reference as one page: readable without a script, printable, every problem at an anchor of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

Json = Mapping[str, Any]

STYLE: Final = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin-bottom: 0 } h2 { margin-top: 3rem; border-top: 2px solid; padding-top: .75rem }
h3 { margin: 2.5rem 0 .25rem } h3 code { font-size: 1em } h4 { margin: 1rem 0 .25rem }
code, pre { font: 14px/1.45 ui-monospace, monospace } pre { overflow-x: auto; padding: .75rem;
  border: 1px solid var(--line); border-radius: 6px; max-height: 28rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top;
  padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line) }
.method { font-weight: 700 } nav ul { list-style: none; padding: 0; columns: 2 22rem }
section:target { outline: 2px solid; outline-offset: .5rem; border-radius: 4px }
@media (max-width: 40rem) { nav ul { columns: 1 } }
"""


def render(document: Json) -> str:
    """The page of an OpenAPI document as ``shared.contracts.openapi`` makes it."""
    info = document["info"]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])} API</h1>",
        *(f"<p>{_text(part)}</p>" for part in info["description"].strip().split("\n\n")),
        '<p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>',
        *_contents(document),
        *_operations(document),
        *_things(document),
        *_problems(document),
        "</body></html>",
    ]
    return "\n".join(parts)


def _routes(document: Json, tag: str) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield method.upper(), path, operation


def _contents(document: Json) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for tag in document["tags"]:
        for method, path, operation in _routes(document, tag["name"]):
            yield (
                f'<li><a href="#{operation["operationId"]}"><span class="method">{method}</span> '
                f"<code>{escape(path)}</code></a></li>"
            )
    yield '<li><a href="#things">Things</a></li><li><a href="#problems">Problems</a></li></ul></nav>'


# -- operations ------------------------------------------------------------------------------------


def _operations(document: Json) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"<h2>{escape(tag['description'])}</h2>"
        for method, path, operation in _routes(document, tag["name"]):
            yield f'<section id="{operation["operationId"]}">'
            yield f'<h3><span class="method">{method}</span> <code>{escape(path)}</code></h3>'
            yield f"<p><strong>{escape(operation['summary'])}.</strong> "
            yield f"{_text(operation['description'])}</p>"
            yield from _parameters(operation["parameters"])
            yield from _request(operation)
            yield from _responses(document, operation["responses"])
            yield "</section>"


def _parameters(parameters: list[Json]) -> Iterator[str]:
    described = [parameter for parameter in parameters if parameter["in"] != "path"]
    if described:
        yield "<table><thead><tr><th>Parameter</th><th>In</th><th></th></tr></thead><tbody>"
        for parameter in described:
            need = "Required. " if parameter["required"] else ""
            yield (
                f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}</td>"
                f"<td>{need}{_text(parameter['description'])}</td></tr>"
            )
        yield "</tbody></table>"


def _request(operation: Json) -> Iterator[str]:
    body = operation.get("requestBody")
    if body is not None:
        content = body["content"]["application/json"]
        yield f"<h4>Send {_link(content['schema'])}</h4>{_example(content['example'])}"


def _responses(document: Json, responses: Json) -> Iterator[str]:
    refused = []
    for status, response in responses.items():
        if "$ref" in response:
            refused.append((status, _follow(document, response["$ref"])))
            continue
        content = response.get("content", {}).get("application/json", {})
        model = _link(content["schema"]) if "$ref" in content.get("schema", {}) else ""
        yield f"<h4>{status} {model}</h4><p>{_text(response['description'])}</p>"
        if "example" in content:
            yield _example(content["example"])
    if refused:
        yield "<h4>Refusals</h4><p>"
        for status, response in refused:
            codes = response["content"]["application/problem+json"]["examples"]
            links = ", ".join(
                f'<a href="#problem-{code}"><code>{code}</code></a>' for code in codes
            )
            yield f"{status}: {links}<br>"
        yield "</p>"


# -- things and problems ---------------------------------------------------------------------------


def _things(document: Json) -> Iterator[str]:
    yield '<h2 id="things">Things</h2>'
    for name, schema in document["components"]["schemas"].items():
        yield f'<section id="thing-{name}"><h3>{name}</h3>'
        yield f"<p>{_text(schema.get('description', ''))}</p>"
        yield "<table><tbody>"
        for member, described in schema.get("properties", {}).items():
            need = "required" if member in schema.get("required", ()) else ""
            yield (
                f"<tr><td><code>{escape(member)}</code></td><td>{_kind(described)}</td>"
                f"<td>{need}</td><td>{_text(described.get('description', ''))}</td></tr>"
            )
        yield "</tbody></table></section>"


def _problems(document: Json) -> Iterator[str]:
    yield '<h2 id="problems">Problems</h2>'
    yield "<p>What a <code>code</code> means, and what to do next.</p>"
    for problem in document["x-problems"]:
        yield f'<section id="problem-{problem["code"]}"><h3><code>{problem["code"]}</code></h3>'
        yield f"<p><strong>{problem['status']}: {escape(problem['title'])}.</strong> "
        yield f"{_text(problem['advice'])}</p></section>"


def _kind(schema: Json) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        return _link(schema)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(_kind(choice) for choice in choices)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    limits = [
        f"{sign} {schema[name]:,}"
        for name, sign in (("minimum", "≥"), ("maximum", "≤"))
        if name in schema
    ]
    if "maxLength" in schema:
        limits.append(f"at most {schema['maxLength']} characters")
    return " ".join([schema.get("format") or schema.get("type", "any"), ", ".join(limits)]).strip()


def _link(schema: Json) -> str:
    name = schema["$ref"].rpartition("/")[2]
    return f'<a href="#thing-{name}">{name}</a>'


def _follow(document: Json, reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def _example(value: object) -> str:
    return f'<pre tabindex="0">{escape(json.dumps(value, ensure_ascii=False, indent=2))}</pre>'


def _text(written: str) -> str:
    """A sentence with its `code` marked."""
    parts = escape(written, quote=False).split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )
