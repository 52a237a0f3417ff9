"""The package that scripts of parallel jobs import their logger from."""
