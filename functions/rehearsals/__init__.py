"""Rehearsals of campaigns: asked for, and followed."""
