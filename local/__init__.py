"""What runs on your own machine: the engine, the command line, the shoppers, the rehearsal.

`install` makes the environment, `engine` starts and stops AWS in miniature, `cli` is the `livehour` command, `api` is its
client of the HTTP API. Nothing here is deployed, and nothing here imports a function: the stack is met over HTTP only.
"""
