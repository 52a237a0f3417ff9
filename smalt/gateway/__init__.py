"""The data plane: requests to endpoints come in, the deployments' scorers answer.

A process of its own. What it needs to know stands in a table that the server gives it; a copy on disk lets it start,
and go on, while there is no server. It reads no database and runs no user code.
"""
