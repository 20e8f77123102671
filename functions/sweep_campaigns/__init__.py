"""Every minute: what a dead execution left, or a schedule forgot, is taken up again."""
