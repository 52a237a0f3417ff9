"""Rows of batch endpoints and of their deployments, which are called `<endpoint>/<deployment>`."""

from __future__ import annotations

from smalt.server.records import record_table

batch_endpoints = record_table("batch_endpoints")
batch_deployments = record_table("batch_deployments")
