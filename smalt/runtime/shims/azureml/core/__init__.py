"""What training scripts of the first SDK generation ask their run context for, spoken over the MLflow protocol.

On a job's path only where the environment brings no `azureml.core` of its own. There is no `azureml/__init__.py` beside
this package, so that an installed `azureml.mlflow` is still found. It must run on every Python a job may use (3.7 on).
"""

from .experiment import Experiment
from .run import Run
from .workspace import Workspace

__all__ = ["Experiment", "Run", "Workspace"]
