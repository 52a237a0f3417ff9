"""Tasks of type model: an MLflow model asked for tables and for files, under an interpreter that has MLflow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SAVE = """
import sys
import mlflow.pyfunc

class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["a"] * 2

mlflow.pyfunc.save_model(sys.argv[1], python_model=Double(), pip_requirements=[])
"""

pytestmark = pytest.mark.client


@pytest.fixture
def model(line, tmp_path):
    """A saved model; the job runs under the clients' interpreter."""
    line.python = os.environ.get("SMALT_CLIENTS_PYTHON") or str(Path(__file__).parents[3] / ".venv-clients/bin/python")
    folder = tmp_path / "model"
    subprocess.run([line.python, "-c", SAVE, str(folder)], check=True, capture_output=True, cwd=tmp_path)
    line.model = str(folder)
    return folder


def test_a_model_is_asked_for_files_and_for_the_rows_of_tables(line, model, table):
    (line.input / "x.csv").write_text("a,b\n1,2\n3,4\n")

    files, said = line.run(task="model", entry_script=None, concurrency=1)
    rows_of_files = line.rows()
    table("paths:\n  - file: ./x.csv\ntransformations:\n  - read_delimited: {}\n")
    rows, said_of_rows = line.run(task="model", entry_script=None, concurrency=1, is_table=True)

    assert (files, rows) == (0, 0), said + said_of_rows
    assert rows_of_files == ["0 2 x.csv", "1 6 x.csv"]
    assert line.rows() == ["2", "6"]
