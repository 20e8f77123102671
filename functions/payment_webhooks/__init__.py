"""What payment providers say of payments."""
