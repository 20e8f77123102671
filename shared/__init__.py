"""
What the functions have in common, in layers.

Imports point down only:

* ``wiring``: the composition root; the only place that makes clients and adapters
* ``http_api``: the edge of every HTTP function (parse, authorise, answer, refuse)
* ``adapters``: DynamoDB, Step Functions, Scheduler, EventBridge, payment providers; the only boto3
* ``contracts``: what is promised to the outside (routes, bodies, events), pydantic
* ``use_cases``: where something is decided across stores, or effects have an order
* ``domain``: the rules of the sale, standard library only

``table`` (keys and attribute names), ``settings`` (environment variables) and ``clock`` are leaves.
"""
