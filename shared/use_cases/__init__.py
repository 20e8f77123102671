"""What is decided or ordered in several steps, with the ports it needs."""
