"""Step 6 of a lifecycle: the campaign is settled."""
