"""
Measures the budgets: each a count or a ratio, so that it means the same on every machine.

``python -m bench`` prints a table and writes ``bench/results.json``. Write units, read units and calls are what
DynamoDB Local says they cost; CPU is the process's own, of many calls in turn with those it is compared with.
"""
