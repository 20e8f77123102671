"""Step 3 of a lifecycle, again and again: the beat."""
