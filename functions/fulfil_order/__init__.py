"""A paid order, handed over to its carrier."""
