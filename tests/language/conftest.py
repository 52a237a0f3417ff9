"""Language models with PyTorch, which is too large to be fetched for every change: `make test-language` runs these.

Without SMALT_LANGUAGE_PYTHON, the interpreter that has torch and transformers, nothing here is collected.
"""

from __future__ import annotations

import os

collect_ignore_glob = [] if "SMALT_LANGUAGE_PYTHON" in os.environ else ["test_*.py"]
