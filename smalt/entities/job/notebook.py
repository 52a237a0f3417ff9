"""Which command runs a file that somebody has written: a notebook, or a script."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from smalt.errors import InvalidRequest

_SCRIPTS = {".py": "python", ".sh": "bash"}


def command_of(path: str, inputs: Iterable[str]) -> str:
    """The command of a job whose code is the folder that `path` starts in.

    A notebook takes the inputs as its parameters, a script as options.

    Raises:
        InvalidRequest: Nothing runs such a file.
    """
    if path.endswith(".ipynb"):
        return f'exec python "{{{{smalt:runtime}}}}/notebook" run {shlex.quote(path)}'
    ending = next((each for each in _SCRIPTS if path.endswith(each)), None)
    if ending is None:
        raise InvalidRequest(
            f"{path!r} cannot run as a job. Name a notebook (.ipynb) or a script ({', '.join(_SCRIPTS)}).",
            target="path",
        )
    options = "".join(f" --{name} ${{{{inputs.{name}}}}}" for name in inputs)
    return f"exec {_SCRIPTS[ending]} {shlex.quote(path)}{options}"
