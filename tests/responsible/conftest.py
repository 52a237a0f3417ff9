"""Responsible AI with its libraries, which are too large to be installed for every change: `make test-responsible`.

Without SMALT_RESPONSIBLE_PYTHON, the interpreter that has EconML and Fairlearn, nothing here is collected.
"""

from __future__ import annotations

import os

collect_ignore_glob = [] if "SMALT_RESPONSIBLE_PYTHON" in os.environ else ["test_*.py"]
