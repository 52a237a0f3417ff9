"""Monitors: what a schedule looks at again and again, against what, and from which value on it tells somebody."""
