"""``python -m bench``: every budget, on a DynamoDB Local of its own."""

from __future__ import annotations

import sys

from bench import cpu, paid_order, pollers, rivals, selling_out
from bench.meter import Meter
from bench.report import show
from bench.show import connect
from local.engine.dynamodb_local import DynamoDBLocal, make_tables


def main() -> int:
    """Measure, print, and say by the exit code whether every budget is kept."""
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
            *rivals.transactions(client),
            *paid_order.paid_orders(meter),
            selling_out.storm(meter),
            *pollers.polling(meter),
            *cpu.warm_request(client),
            *cpu.imports(),
        ]
    finally:
        engine.stop()
    return 0 if show(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
