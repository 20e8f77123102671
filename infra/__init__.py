"""
What is deployed: one stack, from ``python -m infra.app``, for every stage.

* ``stages``: what differs between stages, as data
* ``access``: which function may do what to which table
* ``stack``: puts the constructs together
* ``constructs``: one capability each
* ``state_machines``: the machines, in the Amazon States Language
"""
