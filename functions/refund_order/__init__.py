"""The step of the refund machine."""
