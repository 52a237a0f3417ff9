"""Computes: where workloads run."""
