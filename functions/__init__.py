"""One folder for each deployed function, named for what it does."""
