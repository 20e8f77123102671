"""Every function, killed before and after each of its calls to AWS, called again as its caller would, and left to go on."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from infra.access import ACCESS
from local.engine.dynamodb_local import DynamoDBLocal
from local.simulation.environments import function_names
from tests.proof.mirror import Mirror
from tests.proof.scenes import SCENES, Scene
from tests.proof.shares import keep_share
from tests.proof.sweep import Place, sweeps


def table_calls(places: Iterable[Place]) -> set[tuple[str, str, str]]:
    """Function, table and operation of each call to a table."""
    return {(place.function, *action) for place in places for action in place.actions}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_whoever_dies_before_or_after_any_call_leaves_a_show_that_comes_to_the_same_end(
    scene: Scene,
) -> None:
    sweep = sweeps()[scene.name]
    assert sweep.rehearsal.show.complaints == []
    for death in sweep.deaths:
        sweep.die(death)
    keep_share("crash_points", f"scene: {scene.name}", sweep.figures())


def test_every_function_there_is_comes_up_in_a_scene_and_dies_in_it() -> None:
    all_sweeps = sweeps().values()
    invoked = {function for sweep in all_sweeps for function in sweep.rehearsal.invoked}
    places = [place for sweep in all_sweeps for place in sweep.rehearsal.places]
    swept = {death.function for sweep in all_sweeps for death in sweep.deaths}
    for function in function_names():
        assert function in invoked, (
            f"{function} is called in no scene, so nobody knows what its death leaves behind: let it be called in one of"
            " tests/proof/scenes.py"
        )
        assert function in swept or not ACCESS[function], f"{function} never dies in any scene"
        for role, operations in ACCESS[function].items():
            called = table_calls(place for place in places if place.function == function)
            for operation in operations:
                assert (function, role.partition("/")[0], operation) in called, (
                    f"{function} may do {operation} on {role}, and does so in no scene of tests/proof/scenes.py"
                )


@pytest.mark.parametrize("function", [name for name in function_names() if ACCESS[name]])
def test_dynamodb_local_has_the_same_in_it_whoever_dies(
    function: str, own_dynamodb: DynamoDBLocal
) -> None:
    shortest_first = sorted(sweeps().values(), key=lambda sweep: len(sweep.rehearsal.places))
    sweep, deaths = next(
        (sweep, deaths)
        for sweep in shortest_first
        if (deaths := [death for death in sweep.deaths if death.function == function])
    )
    death = Random(function).choice([death for death in deaths if death.after] or deaths)
    mirror = Mirror(own_dynamodb.client())
    sweep.die(death, mirror)
    assert mirror.calls > death.call
    keep_share("crash_points", f"DynamoDB Local: {function}", {"deaths": 1, "calls": mirror.calls})
