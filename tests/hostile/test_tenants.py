"""
Every endpoint of the reference against every kind of key, and against the ids of another merchant.

A new route is in this matrix as soon as it is in the reference.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.contracts.routes import MANAGE, READ, SELL
from tests.hostile.front import Answer
from tests.hostile.place import Place
from tests.hostile.premises import Premises, fresh
from tests.hostile.reference import Endpoint, Json, endpoints

pytestmark = pytest.mark.usefixtures("log")

GUARDED = [one for one in endpoints() if one.scopes]
OF_ONE = [one for one in GUARDED if one.ids]
LISTS = [one for one in GUARDED if "starting_after" in one.queries]
AFTER_THE_SHOW = {
    "GET /v1/campaigns/{campaign_id}/report": "not_closed",
    "GET /v1/campaigns/{campaign_id}/report/files": "package_not_built",
}
"""What is read of a show that is over, and what one is told while it goes on."""
UNKNOWN_CAMPAIGN = "cmp_aaaaaaaaaaaaaaaa"


def strange_keys(premises: Premises) -> Iterator[tuple[str, list[str]]]:
    """What may stand in Authorization headers, and opens nothing; before it, what it is."""
    good = premises.keys[MANAGE]
    yield "none", []
    yield "an empty one", [""]
    yield "a scheme alone", ["Bearer"]
    yield "a scheme and blanks", ["Bearer   "]
    yield "no scheme", [good]
    yield "another scheme", ["Basic " + base64.b64encode(good.encode()).decode()]
    yield "quotes around it", [f'Bearer "{good}"']
    yield "a letter too many", [f"Bearer {good}A"]
    yield "a letter too few", [f"Bearer {good[:-1]}"]
    yield "another letter", [f"Bearer {good[:-1]}{'A' if good[-1] != 'A' else 'B'}"]
    yield "capitals", [f"Bearer {good.upper()}"]
    yield "an unknown one", ["Bearer lh_manage_" + "A" * 32]
    yield "a promoted one", [f"Bearer lh_manage_{premises.keys[READ].removeprefix('lh_read_')}"]
    yield "a scope of nobody", [f"Bearer lh_admin_{good.removeprefix('lh_manage_')}"]
    yield "its digest", ["Bearer lh_manage_" + "0" * 64]
    yield "two in one", [f"Bearer {good} {good}"]
    yield "two headers", [f"Bearer {good}", f"Bearer {good}"]
    yield "a revoked one", [f"Bearer {premises.keys['revoked']}"]
    yield "NUL in it", [f"Bearer {good[:20]}%00{good[20:]}"]
    yield "Latin-1", [f"Bearer {good}\u00e9"]
    yield "a very long one", ["Bearer lh_manage_" + "A" * 6000]


def unknown(ids: Mapping[str, str]) -> dict[str, str]:
    """Ids of the same kinds that nothing has."""
    return {
        name: UNKNOWN_CAMPAIGN if name == "campaign_id" else altered(one)
        for name, one in ids.items()
    }


def altered(identifier: str) -> str:
    """With another letter in the middle."""
    at = len(identifier) // 2
    return identifier[:at] + ("A" if identifier[at] != "A" else "B") + identifier[at + 1 :]


def request_of(endpoint: Endpoint, asker: Premises) -> dict[str, Any]:
    """What would be taken, were it one's own."""
    headers = [("If-Match", '"1"')] if endpoint.takes("If-Match") else []
    return {"body": asker.fitted(endpoint.example), "headers": headers}


def told(answer: Answer) -> tuple[int, Json, set[str]]:
    """All that a stranger learns from a refusal."""
    assert answer.code
    return answer.status, {**answer.body, "request_id": ""}, set(answer.headers)


def test_what_is_no_key_opens_nothing(place: Place):
    before = place.belongings()
    for endpoint in GUARDED:
        for name, written in place.chosen(strange_keys(place.premises), endpoint):
            request = request_of(endpoint, place.premises)
            request["headers"] += [("Authorization", one) for one in written]
            answer = place.refused(endpoint.method, place.premises.target(endpoint), **request)
            missing = name in ("none", "an empty one")
            assert answer.refusal == (401, "key_missing" if missing else "key_invalid"), (
                endpoint.name,
                name,
            )
            assert answer.headers["www-authenticate"] == 'Bearer realm="livehour"'

    assert place.belongings() == before


def test_a_key_of_another_scope_is_not_enough(place: Place):
    before = place.belongings()
    for endpoint in GUARDED:
        for scope in {MANAGE, SELL, READ} - set(endpoint.scopes):
            target = place.premises.target(endpoint)
            request = request_of(endpoint, place.premises)
            answer = place.refused(endpoint.method, target, key=scope, **request)
            assert answer.refusal == (403, "wrong_scope"), (endpoint.name, scope)

    assert place.belongings() == before


def test_what_belongs_to_another_merchant_does_not_exist(place: Place):
    victim, rival = place.premises, place.rival
    before = place.belongings()
    for endpoint in OF_ONE:
        theirs = {name: victim.ids(endpoint)[name] for name in endpoint.ids}
        for scope in endpoint.scopes:
            answers = [
                told(
                    asker.ask(
                        endpoint.method,
                        endpoint.path.format(**ids),
                        key=scope,
                        **request_of(endpoint, rival),
                    )
                )
                for asker, ids in (
                    (rival, theirs),
                    (rival, unknown(theirs)),
                    (victim, unknown(theirs)),
                )
            ]
            place.asked += 3
            assert answers[0][0] == 404, endpoint.name
            assert answers[0] == answers[1] == answers[2], endpoint.name

    assert place.belongings() == before


def test_every_version_and_key_of_another_merchant_is_worth_nothing(place: Place):
    """The right ETag, and a request repeated word for word under its Idempotency-Key, of things that are not one's own."""
    victim, rival = place.premises, place.rival
    once = fresh("once")
    show = f"/v1/campaigns/{victim.show}"
    draft = f"/v1/campaigns/{victim.draft}"
    wish = {"sku": "FUJI-12", "quantity": 1, "buyer_id": "buyer"}
    form = victim.fitted(next(e for e in GUARDED if e.path.endswith("/checkout")).example)
    reservation = victim.a_reservation()
    done = [
        ("POST", f"{show}/reservations", wish, SELL),
        ("POST", f"/v1/reservations/{reservation}/checkout", form, SELL),
    ]
    headers = [("Idempotency-Key", once)]
    made = [victim.ask(how, path, body, key=key, headers=headers) for how, path, body, key in done]
    assert [answer.status for answer in made] == [201, 201]
    version = victim.ask("GET", f"{show}/totals", key=READ).headers["etag"]
    before = place.belongings()

    for how, path, body, key in done:
        assert rival.ask(how, path, body, key=key, headers=headers).status == 404
    for tag in ('"1"', '"2"', "*", 'W/"1"'):
        sent = [("If-Match", tag)]
        assert rival.ask("PATCH", draft, {"name": "Mine"}, key=MANAGE, headers=sent).status == 404
    for tag in (version, "*", '"0"'):
        for what in ("totals", "timeline"):
            sent = [("If-None-Match", tag)]
            assert rival.ask("GET", f"{show}/{what}", key=READ, headers=sent).status == 404
    place.asked += 12

    assert place.belongings() == before


def test_an_idempotency_key_of_another_merchant_is_a_fresh_one(place: Place):
    victim, rival = place.premises, place.rival
    headers = [("Idempotency-Key", fresh("shared"))]
    plan = victim.plan(name="The same")
    wish = {"sku": "FUJI-12", "quantity": 1, "buyer_id": "buyer"}
    mine = victim.ask("POST", "/v1/campaigns", plan, key=MANAGE, headers=headers)
    held = victim.ask(
        "POST", f"/v1/campaigns/{victim.show}/reservations", wish, key=SELL, headers=headers
    )

    theirs = rival.ask("POST", "/v1/campaigns", plan, key=MANAGE, headers=headers)
    taken = rival.ask(
        "POST", f"/v1/campaigns/{rival.show}/reservations", wish, key=SELL, headers=headers
    )
    again = victim.ask("POST", "/v1/campaigns", plan, key=MANAGE, headers=headers)

    place.asked += 5
    assert theirs.status == taken.status == 201
    assert "idempotent-replayed" not in theirs.headers
    assert "idempotent-replayed" not in taken.headers
    assert theirs.body["id"] != mine.body["id"]
    assert taken.body["id"] != held.body["id"]
    assert again.raw == mine.raw


def test_a_cursor_into_another_merchants_list_is_no_cursor(place: Place):
    victim, rival = place.premises, place.rival
    theirs = [victim.show, victim.draft, victim.order["id"], victim.reservation]
    for endpoint in LISTS:
        for scope in endpoint.scopes:
            for cursor in theirs:
                nobody = UNKNOWN_CAMPAIGN if cursor.startswith("cmp_") else altered(cursor)
                target = rival.target(endpoint)
                answers = [
                    told(rival.ask("GET", f"{target}?starting_after={after}", key=scope))
                    for after in (cursor, nobody)
                ]
                place.asked += 2
                assert answers[0] == answers[1], (endpoint.name, cursor)
                assert answers[0][0] == 400


def test_nothing_of_another_merchant_is_in_anything_that_is_read(place: Place):
    victim, rival = place.premises, place.rival
    secret = [
        victim.show,
        victim.draft,
        victim.order["id"],
        victim.reservation,
        victim.order["payment"]["id"],
        victim.paid["id"],
        victim.refund,
    ]
    for endpoint in GUARDED:
        if endpoint.method != "GET":
            continue
        for scope in endpoint.scopes:
            query = "?limit=100" if "limit" in endpoint.queries else ""
            answer = rival.ask("GET", rival.target(endpoint) + query, key=scope)
            place.asked += 1
            too_soon = AFTER_THE_SHOW.get(endpoint.name)
            assert answer.refusal == (409, too_soon) if too_soon else answer.ok, endpoint.name
            assert not [one for one in secret if one in answer.raw.decode()], endpoint.name


def test_two_merchants_with_the_same_buyers_and_products_do_not_count_each_others(place: Place):
    victim, rival = place.premises, place.rival

    def counted(owner: Premises) -> Json:
        totals: Json = owner.ask("GET", f"/v1/campaigns/{owner.show}/totals", key=READ).body
        return {name: totals[name] for name in ("orders", "gross", "units", "reservations")}

    before = counted(rival)
    for _ in range(3):
        victim.a_reservation()
    place.asked += 2

    assert counted(rival) == before
