"""The first step of a rehearsal: its show."""
