"""A parallel job as a step: its mini-batches are what an earlier step has written."""

from __future__ import annotations

import pytest

from smalt.entities.job.status import JobStatus
from tests.server.pipelines.conftest import ENVIRONMENT, command, literal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SCRIPT = "def run(mini_batch):\n    return [open(each).read().strip().upper() for each in mini_batch]\n"


@pytest.fixture
def parallel(works):
    """A parallel step over what the step `make` writes."""
    code = works.plant.code({"score.py": SCRIPT})

    def step(**changes):
        task = {
            "type": "run_function",
            "code": code,
            "entry_script": "score.py",
            "environment": ENVIRONMENT,
            "append_row_to": "${{outputs.rows}}",
        }
        return {
            "type": "parallel",
            "input_data": "${{inputs.files}}",
            "mini_batch_size": "2",
            "resources": {"instance_count": 2},
            "max_concurrency_per_instance": 1,
            "retry_settings": {"timeout": 60, "max_retries": 2},
            "task": task,
            "inputs": {"files": literal("${{parent.jobs.make.outputs.out}}")},
            "outputs": {"rows": {"type": "literal", "value": "${{parent.outputs.rows}}"}},
            **changes,
        }

    return step


MAKE = command(
    "for each in a b c; do echo $each > ${{outputs.out}}/$each.txt; done", outputs={"out": {"type": "uri_folder"}}
)
ROWS = {"rows": {"jobOutputType": "uri_file"}}


def test_a_parallel_step_scores_what_an_earlier_step_wrote(works, parallel):
    record = works.complete("p", {"make": MAKE, "score": parallel()}, outputs=ROWS)

    assert record.status is JobStatus.COMPLETED, record.error
    assert sorted(works.text("p", "rows").splitlines()) == ["A", "B", "C"]


def test_a_parallel_step_takes_the_rows_of_one_key_at_a_time(works, parallel):
    table = "printf 'shop,sold\\na,1\\nb,2\\na,3\\n' > ${{outputs.out}}/t.csv; "
    table += "printf 'paths: [{file: ./t.csv}]\\ntransformations: [read_delimited: {}]\\n' > ${{outputs.out}}/MLTable"
    make = command(table, outputs={"out": {"type": "mltable"}})
    run = "def run(rows):\n    return [f'{rows.shop.iloc[0]} {rows.sold.astype(int).sum()}']\n"
    code = works.plant.code({"score.py": run})
    step = parallel(partition_keys='["shop"]', mini_batch_size=None)
    step["task"]["code"] = code

    record = works.complete("p", {"make": make, "score": step}, outputs=ROWS)

    assert record.status is JobStatus.COMPLETED, record.error
    assert sorted(works.text("p", "rows").splitlines()) == ["a 4", "b 2"]


def test_a_parallel_step_with_another_task_is_not_reused(works, parallel):
    works.complete("p1", {"make": MAKE, "score": parallel()}, outputs=ROWS)

    works.complete("p2", {"make": MAKE, "score": parallel()}, outputs=ROWS)
    works.complete("p3", {"make": MAKE, "score": parallel(mini_batch_size="1")}, outputs=ROWS)

    reused = [works.plant.record(f"{name}_score").properties.get("azureml.isreused") for name in ("p1", "p2", "p3")]
    assert reused == [None, "true", None]
