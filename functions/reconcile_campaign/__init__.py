"""Step 5 of a lifecycle: the books are reconciled."""
