"""What a fulfiller imports, and what is erased."""
