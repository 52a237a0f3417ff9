"""Code that runs inside the user's process or beside it, where smalt itself is not installed.

Standard library only, and no import of smalt but this package. Modules here also stay away from the slow corners of the
standard library (typing, dataclasses, pathlib, subprocess, http) unless a job needs them: every import is paid by every
job between its start and the user's first line. Everything has the syntax of Python 3.7.
"""
