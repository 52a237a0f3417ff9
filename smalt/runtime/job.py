"""Entry of the supervisor of one job: `python -I -S job.py FOLDER LOCK`.

Kept this small because a script, unlike a module, is compiled anew at every start.
"""

import os
import sys

# Isolated mode leaves the package's home off the path; behind the standard library is where it belongs.
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from smalt.runtime.supervisor import supervise

if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[2]), False)
    supervise(sys.argv[1])
    # No waiting for a thread that still hangs on a slow server.
    os._exit(0)
