"""Step 2 of a lifecycle: the show opens."""
