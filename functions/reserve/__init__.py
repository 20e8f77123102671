"""Shows and reservations: the way on which every read and byte counts."""
