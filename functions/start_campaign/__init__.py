"""Starts the machine of a campaign: the target of its one-time schedule."""
