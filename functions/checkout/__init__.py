"""From reservations to orders, and orders as they stand."""
