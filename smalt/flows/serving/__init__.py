"""Flows over HTTP: `/score` as prompt flow serves it, a chat page, and the routes that chat clients of OpenAI speak.

`server.serve` runs a server; `app.application` is the ASGI application of a loaded flow; `packing` writes a flow as a
folder, or as the context of a container image.
"""
