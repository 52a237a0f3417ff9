"""smalt: an open, self-hosted machine-learning platform that speaks Azure Machine Learning v2.

The names of the Python SDK are published here and loaded on first use, so that `import smalt` stays light. Nothing
inside the package imports from here.
"""

from __future__ import annotations

__version__ = "0.1.0"
