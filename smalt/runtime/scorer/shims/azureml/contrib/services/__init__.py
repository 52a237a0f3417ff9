"""Stands in for the names that scripts import from the package, where an environment does not have it."""
