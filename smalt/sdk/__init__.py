"""The Python client: `MLClient`, the authoring functions, and the way to the server under them.

Nothing is imported before it is asked for; `smalt` itself publishes the names.
"""
