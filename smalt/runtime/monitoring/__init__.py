"""Signals of monitors, as a library that needs no server: numpy, scipy and pandas of the environment built for it.

`measure.py` measures one signal in a job. Tables are read piece by piece, and what needs all rows at once is computed
over an evenly drawn sample of `sample.SIZE` of them, so that ten million rows take no more memory than that.
"""
