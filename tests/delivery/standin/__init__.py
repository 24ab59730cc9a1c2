"""A forge for tests: HTTP as its published schema says, pull requests that are merged by real git."""
