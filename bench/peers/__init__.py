"""Workers to compare: each does the same work with another client library, as that library recommends."""
