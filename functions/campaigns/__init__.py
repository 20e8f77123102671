"""Campaigns: created, read, changed, started, ended."""
