"""The inference server of one deployment instance: a master that keeps workers, and workers that score.

Runs under the user's interpreter (Python 3.8 or newer) with the standard library and what the environment of the
deployment has. Imports are relative, since the package is loaded under another name there: the user's own `smalt`, if
there is one, stays theirs. Clients speak with the gateway; the gateway speaks with the workers.
"""
