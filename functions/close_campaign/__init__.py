"""Step 4 of a lifecycle: the sale closes."""
