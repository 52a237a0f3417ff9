"""Other frameworks."""
