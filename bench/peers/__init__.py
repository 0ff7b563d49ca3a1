"""The workers that are compared, each doing the same work as the library behind it does it best."""
