"""Flows written as a graph of nodes: `flow.dag.yaml`."""
