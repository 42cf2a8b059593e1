"""A result as people and programs want to see it, one module a format."""
