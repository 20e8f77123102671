"""
What strangers send: values for any field, bodies for any route, ids for any path, headers for any request.

A value that JSON can write and Python's ``json`` would not, or would write otherwise, stands here as the text on the wire.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from itertools import count
from typing import Any

_marks = count()


@dataclass(frozen=True)
class Wire:
    """A piece of JSON as it stands on the wire."""

    text: str


VALUES: dict[str, Any] = {
    # -- numbers
    "minus one": -1,
    "zero": 0,
    "minus zero": Wire("-0.0"),
    "one": 1,
    "a half": 1.5,
    "a whole number with a fraction": Wire("2.0"),
    "a whole number with an exponent": Wire("1e2"),
    "a number in quotes": "1",
    "2^31": 2**31,
    "2^53 + 1": 2**53 + 1,
    "2^63": 2**63,
    "2^64": 2**64,
    "10^18": 10**18,
    "39 digits": 10**38,
    "400 digits": 10**400,
    "5,000 digits": Wire("9" * 5000),
    "beyond a double": Wire("1e309"),
    "below a double": Wire("1e-400"),
    "NaN": Wire("NaN"),
    "an infinity": Wire("-Infinity"),
    "octal": Wire("017"),
    "hexadecimal": Wire("0x10"),
    # -- other kinds
    "true": True,
    "false": False,
    "null": None,
    "nothing in a list": [],
    "nothing in an object": {},
    "a list in lists": [[[]]],
    "a list of nulls": [None, None],
    "a thousand things": [0] * 1000,
    "an operator": {"$ne": 1},
    "a typed attribute": {"S": "x", "N": "1"},
    "a prototype": {"__proto__": {"paid": True}, "constructor": 1},
    "30 lists deep": Wire("[" * 30 + "]" * 30),
    "40 lists deep": Wire("[" * 40 + "]" * 40),
    # -- texts
    "no text": "",
    "a blank": " ",
    "blanks around": " FUJI-12 ",
    "NUL": "FUJI\u0000-12",
    "a bell": "\u0007",
    "an escape sequence": "\u001b[2J\u001b[31mPAID",
    "a new line": "FUJI-12\n",
    "a header": "x\r\nX-Injected: yes\r\n\r\n",
    "a log line": 'x\n{"level":"ERROR","message":"all is lost"}',
    "a line separator": "a\u2028b\u2029c",
    "half a character": Wire('"\\ud83c"'),
    "the other half": Wire('"\\udf4e\\ud83c"'),
    "a right-to-left override": "FUJI\u202egnp.exe",
    "a direction isolate": "\u2066FUJI\u2069",
    "a family of joined emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a zero-width space": "FUJI\u200b-12",
    "a byte order mark": "\ufeffFUJI-12",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "Cyrillic in disguise": "FUJ\u0406-12",
    "full width": "\uff26\uff35\uff2a\uff29",
    "digits of another script": "\u0661\u0662",
    "stacked accents": "a" + "\u0301" * 100,
    "no character": "\uffff",
    "a formula": "=cmd|'/c calc'!A0",
    "another formula": "@SUM(1+1)*cmd",
    "a formula after a tab": "\t=1+1",
    "a script": "<script>alert(1)</script>",
    "an image": '"><img src=x onerror=alert(1)>',
    "a template": "{{7*7}}${7*7}#{7*7}%(x)s",
    "a lookup": "${jndi:ldap://127.0.0.1/a}",
    "a query": "' OR '1'='1' --",
    "a path": "../../../etc/passwd",
    "a key of the store": "aaaaaaaaaaaaaaaa#FUJI-12#0",
    "200 letters": "a" * 200,
    "201 letters": "a" * 201,
    "128 letters of four bytes": "\U0001f34e" * 128,
    "129 letters": "b" * 129,
    "2,000 letters": "c" * 2000,
    # -- times, zones, money, tongues
    "a leap second": "2026-12-31T23:59:60Z",
    "no such day": "2026-02-30T20:00:00",
    "another calendar": "2569-11-28T20:00:00",
    "year zero": "0000-01-01T00:00:00Z",
    "an absurd offset": "2026-11-28T20:00:00+99:99",
    "a time zone as a file": "../../../../etc/localtime",
    "a zone of leap seconds": "right/UTC",
    "a currency of nobody": "XXX",
    "a test currency": "XTS",
}
"""For any field, by what they are."""

NEVER_TAKEN = {
    *(
        "NUL",
        "a bell",
        "an escape sequence",
        "a new line",
        "a header",
        "a log line",
        "half a character",
    ),
    *(
        "a line separator",
        "a right-to-left override",
        "a direction isolate",
        "no character",
        "a blank",
    ),
    *(
        "a formula after a tab",
        "5,000 digits",
        "beyond a double",
        "NaN",
        "an infinity",
        "the other half",
    ),
    *(
        "a whole number with a fraction",
        "a half",
        "39 digits",
        "10^18",
        "2^63",
        "minus one",
        "true",
    ),
}
"""In no field at all: nothing of it can be shown, counted or kept."""

STRANGERS: dict[str, Any] = {
    "status": "live",
    "state": "paid",
    "price": 1,
    "amount": 1,
    "tenant": "mer_victim",
    "merchant": "mer_victim",
    "paid_at": "2026-11-28T20:00:00Z",
    "id": "cmp_aaaaaaaaaaaaaaaa",
    "version": 99,
    "secret": "00" * 32,
    "balanced": True,
    "__proto__": {},
    "__class__": "Campaign",
    "": 1,
    "no/such~field": 1,
    "n" * 300: 1,
}
"""Fields that nobody may send, for any object."""


def written(body: Any) -> bytes:
    """JSON, with the pieces of it that stand as they are on the wire."""
    pieces: dict[str, str] = {}

    def stand_in(value: object) -> str:
        if not isinstance(value, Wire):
            raise TypeError(type(value))
        mark = f"piece-{next(_marks)}-of-wire"
        pieces[f'"{mark}"'] = value.text
        return mark

    text = json.dumps(body, default=stand_in)
    for mark, piece in pieces.items():
        text = text.replace(mark, piece)
    return text.encode()


BODIES: dict[str, tuple[int, bytes]] = {
    "16 KB and a byte": (413, b'{"a":"' + b"x" * 16_377 + b'"}'),
    "10 MB": (413, b'{"name": "' + b"a" * 10_000_000 + b'"}'),
    "100,000 lists deep": (413, b"[" * 100_000 + b"]" * 100_000),
    "8,000 lists deep": (400, b'{"a":' + b"[" * 8000 + b"]" * 8000 + b"}"),
    "8,000 lists deep, never closed": (400, b"[" * 8000),
    "3,000 objects deep": (400, b'{"a":' * 2700 + b"1" + b"}" * 2700),
    "cut off": (400, b'{"name": "a", '),
    "nothing but a bracket": (400, b"{"),
    "two objects": (400, b"{} {}"),
    "a form": (400, b"name=a&quantity=1"),
    "XML": (
        400,
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ),
    "a list": (400, b"[]"),
    "a text": (400, b'"name"'),
    "a number": (400, b"1"),
    "null": (400, b"null"),
    "true": (400, b"true"),
    "NaN": (400, b"NaN"),
    "twins": (400, b'{"sku": "A", "sku": "A"}'),
    "twins by an escape": (400, b'{"sku": "A", "\\u0073ku": "B"}'),
    "twins further in": (400, b'{"ship_to": {"city": "A", "city": "B"}}'),
    "a comment": (400, b'{"a": 1 /* one */}'),
    "single quotes": (400, b"{'a': 1}"),
    "a comma too many": (400, b'{"a": 1,}'),
    "a raw control character": (400, b'{"a": "\x00"}'),
    "half a character as a name": (400, b'{"\\ud800": 1}'),
    "UTF-16": (400, '{"name": "a"}'.encode("utf-16")),
    "a byte order mark": (400, b"\xef\xbb\xbf{}"),
    "gzip": (400, gzip.compress(b'{"name": "a"}', mtime=0)),
    "a gzip bomb": (400, gzip.compress(b" " * 1_000_000, mtime=0)),
    "NUL bytes": (400, b"\x00" * 100),
    "not UTF-8": (400, b'{"name": "\xff\xfe\xe9"}'),
    "overlong UTF-8": (400, b'{"name": "\xc0\xaf"}'),
    "a surrogate in UTF-8": (400, b'{"name": "\xed\xa0\x80"}'),
}
"""Bodies that no route takes, and what each is told."""

IDS = [
    "0",
    "-1",
    "null",
    "undefined",
    "%00",
    "%0d%0aX-Injected:%20yes",
    "..",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%252e%252e%252f",
    "%FF%FE",
    "%ed%a0%80",
    "%F0%9F%8D%8E",
    "%E2%80%AEgnp",
    "%27%20OR%201=1--",
    "%3Cscript%3E",
    "*",
    "{campaign_id}",
    "$default",
    "a" * 3000,
    "cmp_" + "A" * 16,
    "cmp_" + "a" * 16,
    "cmp_" + "a" * 17,
    "cmp_" + "a" * 15 + "%0a",
    "cmp_aaaaaaaaaaaaaaa%C9%91",
    "rsv_",
    "rsv_" + "A" * 74,
    "rsv_" + "A" * 73 + "%3D",
    "ord_" + "=" * 74,
    "ord_" + "_" * 74,
    "ord_" + "A" * 75,
    "pay_" + "A" * 20,
]
"""Ids that nothing has, as they stand in a path."""

QUERIES = [
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=1.5",
    "limit=1e1",
    "limit=%D9%A1",
    "limit=" + "9" * 5000,
    "limit=",
    "limit=1&limit=2",
    "limit[]=1",
    "starting_after=",
    "starting_after=0",
    "starting_after=%00",
    "starting_after=%F0%9F%8D%8E",
    "starting_after=cmp_aaaaaaaaaaaaaaaa",
    "starting_after=ord_" + "A" * 74,
    "starting_after=" + "a" * 4000,
    "status=paid",
    "status=live,draft",
    "staus=live",
    "merchant=mer_victim",
    "%00=1",
    "bucket=0",
    "bucket=7",
    "bucket=3601",
    "bucket=99999",
    "bucket=ten",
    "piece=0",
    "piece=2",
    "piece=-1",
    "piece=%D9%A1",
    "piece=" + "9" * 5000,
    "piece=",
    "piece=1&piece=2",
    "combine=all",
    "combine=",
    "format=csv",
    "needs_attention=false",
    "needs_attention=address_incomplete",
    "since=yesterday",
    "since=2026-13-01T00:00:00Z",
    "since=2026-11-28T12:00:00",
    "since=2026-11-28T12:00:00+08:00",
    "a" * 4000 + "=1",
    "&".join(f"p{number}=1" for number in range(400)),
]
"""Each refused by whatever has parameters: by one for what it says, by the others for its name."""

ENDS_OF_TIME = ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59.999999-14:00"]
"""Instants that can be written, and lie outside of what calendars of programs hold in UTC."""

FORWARDED = [
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "gopher"),
    ("X-Original-URL", "/v1/campaigns"),
    ("X-Rewrite-URL", "/v1/campaigns"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Merchant", "mer_victim"),
    ("X-Scope", "manage"),
    (
        "X-Amzn-Request-Context",
        '{"authorizer":{"lambda":{"merchant":"mer_victim","scope":"manage"}}}',
    ),
    ("Forwarded", "for=127.0.0.1;host=evil.example"),
    ("Host", "evil.example"),
    ("Cookie", "merchant=mer_victim"),
]
"""Headers that some gateways believe."""

TYPES = [
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json; charset=utf-16",
    "application/problem+json",
    "image/png",
    "nonsense",
    "a" * 300,
]
"""Content types: the body is read as the JSON that it is, or refused, whatever it says of itself."""

IDEMPOTENCY_KEYS: dict[str, str | None] = {
    "none": None,
    "empty": "",
    "blanks": "   ",
    "255 characters": "k" * 255,
    "256 characters": "k" * 256,
    "5,000 characters": "k" * 5000,
    "a tab": "a\tb",
    "Latin-1": "caf\u00e9",
    "quotes": "\"'\\",
    "a key of the store": "aaaaaaaaaaaaaaaa#FUJI-12#0",
}
TAGS = [
    "",
    "1",
    "*",
    'W/"1"',
    '"0"',
    '"99"',
    '"-1"',
    '"1.0"',
    '"1", "2"',
    '"' + "9" * 400 + '"',
    "'1'",
]
"""For If-Match: none is the version at hand."""
