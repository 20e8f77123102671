"""The edges, typed with pydantic: requests and answers, events, the list of routes."""
