"""The rows of connections."""

from smalt.server.records import record_table

connections = record_table("connections")
