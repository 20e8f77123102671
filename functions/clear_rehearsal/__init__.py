"""The last step of a rehearsal: nothing of it is left."""
