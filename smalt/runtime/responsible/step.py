"""One step of a Responsible AI pipeline, by the name of its component."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import importlib
import warnings
from collections.abc import Callable, Mapping

from smalt.runtime.responsible import options
from smalt.runtime.responsible.failure import AnalysisError

STEPS = {
    "construct": ("construct", "construct"),
    "causal": ("causal", "analyse"),
    "counterfactual": ("counterfactual", "analyse"),
    "error_analysis": ("error_analysis", "analyse"),
    "explanation": ("explanation", "analyse"),
    "gather": ("gather", "gather"),
    "score_card": ("scorecard", "write"),
}
"""Steps, each with the file that does it and the name in there. Each loads what it needs and no more."""

_KINDS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(
        (
            "maximum_rows_for_test_dataset", "max_depth", "num_leaves", "min_child_samples", "total_CFs",
            "upper_bound_on_cat_expansion", "min_tree_leaf_samples", "max_tree_depth", "n_jobs", "verbose",
        ),
        int,
    ),
    **dict.fromkeys(("use_model_dependency", "feature_importance", "skip_cat_limit_checks"), options.truth),
    "alpha": float,
}  # fmt: skip
_OPTIONS = {
    "construct": "title task_type model_info_path model_input model_info train_dataset test_dataset "
    "target_column_name maximum_rows_for_test_dataset categorical_column_names classes feature_metadata "
    "use_model_dependency output_path",
    "causal": "rai_insights_dashboard treatment_features heterogeneity_features nuisance_model heterogeneity_model "
    "alpha upper_bound_on_cat_expansion treatment_cost min_tree_leaf_samples max_tree_depth skip_cat_limit_checks "
    "categories n_jobs verbose random_state causal_path",
    "counterfactual": "rai_insights_dashboard total_CFs method desired_class desired_range permitted_range "
    "features_to_vary feature_importance counterfactual_path",
    "error_analysis": "rai_insights_dashboard max_depth num_leaves min_child_samples filter_features "
    "error_analysis_path",
    "explanation": "rai_insights_dashboard comment explanation_path",
    "gather": "constructor insight_1 insight_2 insight_3 insight_4 dashboard ux_json",
    "score_card": "rai_insights_dashboard pdf_generation_config predefined_cohorts_json pdf_output_path",
}


def parse(arguments: list[str]) -> argparse.Namespace:
    """The step and its options."""
    parser = argparse.ArgumentParser(prog="responsible")
    steps = parser.add_subparsers(dest="step", required=True)
    for name, words in _OPTIONS.items():
        step = steps.add_parser(name)
        for option in words.split():
            step.add_argument(f"--{option}", type=_KINDS.get(option, str))
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Do the step; what is wrong with its inputs is told in one sentence."""
    # Each library warns of what the next version of another one will do; none of it can be changed here.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    try:
        given = parse(arguments)
        file, name = STEPS[given.step]
        getattr(importlib.import_module(f"smalt.runtime.responsible.{file}"), name)(given)
    except AnalysisError as failure:
        sys.exit(f"The step {arguments[0]!r} has failed. {failure}")


if __name__ == "__main__":
    main(sys.argv[1:])
