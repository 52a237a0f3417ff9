"""The driver and the workers of a parallel job: mini-batches of one input, handed to processes that score them.

Runs under the user's interpreter (Python 3.7 or newer) with the standard library. Imports are relative, since the
package is loaded under another name there: the user's own `smalt`, if there is one, stays theirs.
"""
