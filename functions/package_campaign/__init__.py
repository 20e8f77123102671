"""Step 7 of a lifecycle: the closing package is built."""
