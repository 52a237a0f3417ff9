"""Steps of a pipeline as its jobs run them: scripts of another interpreter, over folders."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import smalt.runtime

SCRIPT = Path(smalt.runtime.__file__).parent / "responsible" / "step.py"
PREPARE = Path(__file__).with_name("make_subjects.py")


def python() -> str:
    return os.environ["SMALT_RESPONSIBLE_PYTHON"]


class Steps:
    """A model with its rows, and what comes of the steps."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root = root
        self.kind = kind
        self.is_number = kind == "regression"

    def run(self, step: str, options: dict[str, Any], *, fails: bool = False) -> str:
        """Do a step; every option that is a new folder of the root is made before."""
        words = [SCRIPT, step]
        for name, value in options.items():
            if isinstance(value, Path) and not value.suffix:
                value.mkdir(parents=True, exist_ok=True)
            words += [f"--{name}", str(value)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "SMALT"))}
        done = subprocess.run([python(), *words], capture_output=True, text=True, env=environment, timeout=300)
        assert (done.returncode != 0) is fails, done.stderr[-3000:]
        return done.stderr if fails else done.stdout

    def construct(self, **other: Any) -> Path:
        options = {
            "title": "Progress", "task_type": "regression" if self.is_number else "classification",
            "model_info": "progress:1", "model_input": self.root / "model", "train_dataset": self.root / "train",
            "test_dataset": self.root / "test", "target_column_name": "y", "maximum_rows_for_test_dataset": 5000,
            "categorical_column_names": '["sex"]', "classes": "[]", "feature_metadata": "{}",
            "use_model_dependency": "false", "output_path": self.root / "constructed", **other,
        }  # fmt: skip
        self.run("construct", options)
        return self.root / "constructed"

    def analyse(self, step: str, option: str, **other: Any) -> Path:
        """Do an analysis with what its component has as defaults."""
        defaults: dict[str, dict[str, Any]] = {
            "error_analysis": {"max_depth": 3, "num_leaves": 31, "min_child_samples": 20, "filter_features": "null"},
            "explanation": {"comment": "why"},
            "counterfactual": {"total_CFs": 4, "method": "random", "features_to_vary": "all",
                               "feature_importance": "true"},
            "causal": {"treatment_features": '["bmi"]', "heterogeneity_features": "null", "nuisance_model": "linear",
                       "heterogeneity_model": "linear", "alpha": 0.05, "upper_bound_on_cat_expansion": 50,
                       "treatment_cost": "0", "min_tree_leaf_samples": 2, "max_tree_depth": 2,
                       "skip_cat_limit_checks": "false", "categories": "auto", "n_jobs": 1, "verbose": 1,
                       "random_state": "7"},
        }  # fmt: skip
        output = self.root / step
        given = {"rai_insights_dashboard": self.root / "constructed", option: output, **defaults[step], **other}
        self.run(step, given)
        return output

    def gather(self, insights: list[Path]) -> dict[str, Any]:
        named = {f"insight_{number}": path for number, path in enumerate(insights, start=1)}
        places = {"dashboard": self.root / "dashboard", "ux_json": self.root / "ux"}
        self.run("gather", {"constructor": self.root / "constructed", **named, **places})
        return json.loads((self.root / "ux" / "dashboard.json").read_text())
