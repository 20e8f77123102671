"""Step 1 of a lifecycle: the stock is laid out."""
