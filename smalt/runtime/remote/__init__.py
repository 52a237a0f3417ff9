"""A job on machines of a cluster, away from the server: brought there, watched there, and told of from there.

`head.py` is what the cluster starts. It runs one *node process* on each machine of the job (`node.py`), which prepares
the machine and runs the ordinary supervisor; everything that is written goes to the server through its blob protocol,
opened with the job's own token. `crew.py` is the only file that imports ray, and only a job of several machines does.
"""
