"""Totals, timelines and closing reports."""
