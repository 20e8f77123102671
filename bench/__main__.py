"""
``python -m bench``: every budget, on engines of its own. ``python -m bench package``: closing packages alone; ``… on_air``:
the beats of many campaigns alone.
"""

from __future__ import annotations

import sys

from bench import beat, churn, cpu, on_air, package, paid_order, pollers, rivals, selling_out
from bench.meter import Meter
from bench.report import show, tell
from bench.show import connect
from local.engine.dynamodb_local import DynamoDBLocal, make_tables


def main(arguments: list[str]) -> int:
    """Measure, print, and say by the exit code whether every budget is kept."""
    if arguments[:1] == ["package"]:
        sizes = [int(size) for size in arguments[1:]] or package.SIZES
        return 0 if tell(package.measure(sizes)) else 1
    if arguments[:1] == ["on_air"]:
        return 0 if tell(on_air.beats_on_air(*map(int, arguments[1:]))) else 1
    engine = DynamoDBLocal.start()
    try:
        client = connect(engine.url)
        make_tables(engine.client())
        rivals.make_table(client)
        paid_order.play_the_bank()
        meter = Meter(client)
        rows = [
            selling_out.typical(meter),
            *selling_out.selling_out(meter),
            *churn.churn(meter),
            *rivals.transactions(client),
            *paid_order.paid_orders(meter),
            selling_out.storm(meter),
            *pollers.polling(meter),
            *beat.units_of_a_beat(meter),
            *cpu.warm_request(client),
            *cpu.imports(),
        ]
    finally:
        engine.stop()
    rows += on_air.beats_on_air()
    return 0 if show(rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
