"""The API's description, as a page and as a file."""
