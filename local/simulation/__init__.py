"""
Whole shows in one process: a store with DynamoDB's semantics, a clock that is turned by hand, and everybody who takes part.
"""
