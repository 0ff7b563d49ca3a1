"""The compared workers: the same work by each client library, in its recommended way."""
