"""AWS in miniature: what `livehour up` starts, and how the stack gets into it.

`ministack` and `dynamodb_local` are the two engines, each one child process; `toolchain` finds Node, Java and the CDK
command line in the project's own folders; `deployment` runs the CDK command line against the engine; `merchant` seeds
the one merchant of a local stack; `running` remembers what was started, so that another command can stop it.
"""
