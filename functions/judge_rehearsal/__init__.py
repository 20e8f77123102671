"""The second step of a rehearsal: its verdict."""
