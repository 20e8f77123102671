"""Brings the stock blocks of a campaign to what the campaign says."""
