"""Waiting for units of an offer that is sold out: a ticket, its place, and how to leave."""
