"""The books of a campaign, compared on demand."""
