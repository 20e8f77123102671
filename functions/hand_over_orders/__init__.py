"""All paid orders of a campaign, handed over if nobody has yet."""
