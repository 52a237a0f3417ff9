"""Lays the model of a batch deployment out as on Azure: in `AZUREML_MODEL_DIR`, under the name of its own."""

from __future__ import annotations

import os
import shutil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE, _PLACE = "SMALT_BATCH_MODEL", "SMALT_BATCH_MODEL_PLACE"
_FOLDER = "azureml-models"


def lay_out(variables: Mapping[str, str]) -> dict[str, str]:
    """Put the model into the folder of the job; variables that say where. None without a model.

    Its files are linked one by one, since MLflow takes no folder that is a link itself.
    """
    source, place = variables.get(_SOURCE), variables.get(_PLACE)
    if not source or not place:
        return {}
    name, version, basename = place.split("/", 2)
    root = variables.get("AZUREML_CR_DATA_CAPABILITY_PATH") or os.getcwd()
    folder = os.path.join(root, _FOLDER, name, version)
    target = os.path.join(folder, basename)
    if not os.path.lexists(target):
        os.makedirs(folder, exist_ok=True)
        real = os.path.realpath(source)
        if os.path.isdir(real):
            shutil.copytree(real, target, copy_function=_link)
        else:
            _link(real, target)
    return {"AZUREML_MODEL_DIR": folder}


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
    return target
