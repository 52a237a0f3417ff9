"""Rows of serverless endpoints, and of subscriptions to the terms of models."""

from __future__ import annotations

from smalt.server.records import record_table

serverless_endpoints = record_table("serverless_endpoints")
marketplace_subscriptions = record_table("marketplace_subscriptions")
