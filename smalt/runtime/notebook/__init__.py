"""Notebooks in the user's environment: a kernel that people talk to, and a notebook that runs as a job.

Standard library and what comes with ipykernel. Loaded by its path; its modules import one another relatively, so that
nothing of smalt stands on the path of the user's code.
"""
