"""From the tables' streams to the bus."""
