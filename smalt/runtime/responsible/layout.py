"""Where results stand: each tool in a folder of its own, one level below that an id, below that its data."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from smalt.runtime.responsible import plain, subject
from smalt.runtime.responsible.failure import AnalysisError

TOOLS = {
    "causal": "causal",
    "counterfactual": "counterfactual",
    "error_analysis": "error_analysis",
    "explainer": "explanation",
}
"""Folders of tools, and what the run history calls them."""


def result(output: Path, tool: str, source: Path) -> Path:
    """A new folder for a result of a tool, beside which stands of which dashboard it is a part.

    Args:
        output: The output of the step.
        tool: The folder of the tool.
        source: The output of the constructor.
    """
    shutil.copyfile(source / subject.INFO, output / subject.INFO)
    made = output / tool / str(uuid.uuid4())
    (made / "data").mkdir(parents=True)
    return made


def found(output: Path) -> tuple[str, Path]:
    """The tool of a step's output, and the folder of its result.

    Raises:
        AnalysisError: It is no output of a tool.
    """
    for tool in TOOLS:
        results = sorted(output.glob(f"{tool}/*/data"))
        if results:
            return tool, results[0].parent
    raise AnalysisError(f"The input {output.name!r} is no output of an analysis. Give outputs of rai_tabular_* steps.")


def is_of(output: Path, source: Path) -> bool:
    """Whether a step's output belongs to a constructor's."""
    return bool(plain.read(output / subject.INFO) == plain.read(source / subject.INFO))
