"""The built-in components of Responsible AI, as registry `azureml` has them: one step each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from smalt.entities.component import Component
from smalt.environments import RESPONSIBLE_AI, find_recipe
from smalt.errors import Unsupported

Document = dict[str, Any]  # Any: a component's document

VERSION = "0.22.0"
_OLDER = "microsoft_azureml_"
_OTHERS = re.compile(r"rai_(text|vision)_")
_TOP: Document = {"rai_insights_dashboard": {"type": "path"}}


def find_component(name: str) -> Component | None:
    """The built-in component of a name, also of the longer names that were used before.

    Raises:
        Unsupported: It is one for texts or images.
    """
    short = name.removeprefix(_OLDER)
    other = _OTHERS.match(short)
    if other is not None:
        raise Unsupported(
            f"The component {name!r} is not here: models of {other[1]} are not analysed. There are "
            f"{', '.join(_STEPS)}, for models of tables."
        )
    made = _STEPS.get(short)
    return None if made is None else Component.parse({**made, "name": name, "version": VERSION})


def _step(
    step: str,
    display_name: str,
    inputs: Document,
    outputs: Mapping[str, str],
    *,
    options: Mapping[str, str] | None = None,
) -> Document:
    """A component.

    Args:
        step: What it does, in the words of `runtime/responsible/step.py`.
        display_name: How people call it.
        inputs: Its ports.
        outputs: Its outputs, each with the option that names its place.
        options: Options of inputs that are not called as the input is.
    """
    words = [_word(name, port, (options or {}).get(name, name)) for name, port in inputs.items()]
    words += [f'--{option} "${{{{outputs.{name}}}}}"' for name, option in outputs.items()]
    recipe = find_recipe(RESPONSIBLE_AI)
    assert recipe is not None
    return {
        "type": "command",
        "display_name": display_name,
        "description": "A step of the Responsible AI dashboard.",
        "inputs": inputs,
        "outputs": {name: {"type": "path"} for name in outputs},
        # The packages as such: where containers run, the name of the environment means an image.
        "environment": {"conda_file": {"dependencies": [{"pip": list(recipe.requirements)}]}},
        "command": f'python "{{{{smalt:runtime}}}}/responsible/step.py" {step} {" ".join(words)}',
    }


def _word(name: str, port: Document, option: str) -> str:
    # Values are JSON, whose quotes a shell would take away.
    word = f"--{option} '${{{{inputs.{name}}}}}'"
    return f"$[[{word}]]" if port.get("optional") else word


def _text(default: str | None = None) -> Document:
    return {"type": "string"} if default is None else {"type": "string", "default": default}


def _number(default: int) -> Document:
    return {"type": "integer", "default": default}


def _choice(words: str, default: str | None = None) -> Document:
    return {**_text(default), "enum": words.split()}


def _flag(*, default: bool) -> Document:
    return {"type": "boolean", "default": default}


def _optional(kind: str) -> Document:
    return {"type": kind, "optional": True}


_STEPS: dict[str, Document] = {
    "rai_tabular_insight_constructor": _step(
        "construct",
        "RAI Insights Dashboard Constructor",
        {
            "title": _text(),
            "task_type": _choice("classification regression forecasting"),
            "model_info_path": _optional("path"),
            "model_input": _optional("mlflow_model"),
            "model_info": _optional("string"),
            "train_dataset": {"type": "path"},
            "test_dataset": {"type": "path"},
            "target_column_name": _text(),
            "maximum_rows_for_test_dataset": _number(5000),
            "categorical_column_names": _text("[]"),
            "classes": _text("[]"),
            "feature_metadata": _text("{}"),
            "use_model_dependency": _flag(default=False),
        },
        {"rai_insights_dashboard": "output_path"},
    ),
    "rai_tabular_erroranalysis": _step(
        "error_analysis",
        "Add Error Analysis to RAI Insights Dashboard",
        {
            **_TOP,
            "max_depth": _number(3),
            "num_leaves": _number(31),
            "min_child_samples": _number(20),
            "filter_features": _text("null"),
        },
        {"error_analysis": "error_analysis_path"},
    ),
    "rai_tabular_explanation": _step(
        "explanation",
        "Add Explanation to RAI Insights Dashboard",
        {"comment": _text(), **_TOP},
        {"explanation": "explanation_path"},
    ),
    "rai_tabular_counterfactual": _step(
        "counterfactual",
        "Add Counterfactuals to RAI Insights Dashboard",
        {
            **_TOP,
            "total_CFs": _number(10),
            "method": _choice("random genetic kdtree", "random"),
            "desired_class": _optional("string"),
            "desired_range": _optional("string"),
            "permitted_range": _optional("string"),
            "features_to_vary": _text("all"),
            "feature_importance": _flag(default=True),
        },
        {"counterfactual": "counterfactual_path"},
    ),
    "rai_tabular_causal": _step(
        "causal",
        "Add Causal to RAI Insights Dashboard",
        {
            **_TOP,
            "treatment_features": _text(),
            "heterogeneity_features": _text("null"),
            "nuisance_model": _choice("linear automl", "linear"),
            "heterogeneity_model": _choice("linear forest", "linear"),
            "alpha": {"type": "number", "default": 0.05},
            "upper_bound_on_cat_expansion": _number(50),
            "treatment_cost": _text("0"),
            "min_tree_leaf_samples": _number(2),
            "max_tree_depth": _number(2),
            "skip_cat_limit_checks": _flag(default=False),
            "categories": _text("auto"),
            "n_jobs": _number(1),
            "verbose": _number(1),
            "random_state": _text("None"),
        },
        {"causal": "causal_path"},
    ),
    "rai_tabular_insight_gather": _step(
        "gather",
        "Gather RAI Insights Dashboard",
        {
            "constructor": {"type": "path"},
            **{f"insight_{number}": _optional("path") for number in range(1, 5)},
        },
        {"dashboard": "dashboard", "ux_json": "ux_json"},
    ),
    "rai_tabular_score_card": _step(
        "score_card",
        "Generate rai insight score card",
        {
            "dashboard": {"type": "path"},
            "pdf_generation_config": {"type": "path"},
            "predefined_cohorts_json": _optional("path"),
        },
        {"scorecard": "pdf_output_path"},
        options={"dashboard": "rai_insights_dashboard"},
    ),
}
