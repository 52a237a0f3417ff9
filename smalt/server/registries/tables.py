"""The rows of registries. Their owner is the subscription: a registry's name is unique in it."""

from smalt.server.records import record_table

registries = record_table("registries")
