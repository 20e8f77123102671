"""`livehour demo`: the Washington Apple hour in two minutes, on this machine, with a verdict.

`playbook` presses the hour together, `play` lets it run with the shoppers of `local.shoppers`, `watch` polls the totals as a
wall does, `screen` shows them, `gather` asks for the closed books, `audit` holds them against what the shoppers were
promised, and `verdict` says how it went. The auditor knows nothing of how the shop works: it believes its own notes.
"""
