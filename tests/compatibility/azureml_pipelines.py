"""Runs every pipeline sample of Azure/azureml-examples through our command line and says what became of each.

    python tests/compatibility/azureml_pipelines.py --corpus PATH [--only TEXT] [--write docs/compatibility.md]

Where `azureml_examples.py` holds chosen samples to what they must compute, this one asks only whether they complete.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from azureml_examples import Bench, Unmet, each, opened, parser, unstarted, write_table

PLACES = ("jobs/basics", "jobs/pipelines-with-components", "jobs/pipelines", "jobs/parallel")
SECONDS = 3600

REGISTERED = "jobs/pipelines-with-components/basics/1b_e2e_registered_components"
ASSET = "jobs/pipelines-with-components/basics/4d_data_input"

NOT_STARTED = {
    "image_classification_with_densenet": "trains a network with PyTorch on two GPU machines",
    "pipelines/cifar-10": "downloads its images",
    "tensorflow-image-segmentation": "downloads its images",
    "mnist-batch-identification": "downloads its images",
    "3a_mnist_batch_identification": "downloads its images",
}


def registered(folder: str, *files: str) -> list[tuple[str, ...]]:
    return [("component", "create", "-f", f"{folder}/{file}.yml") for file in files]


# What the samples' READMEs ask to register first.
FIRST: dict[str, list[tuple[str, ...]]] = {
    REGISTERED: registered(REGISTERED, "train", "score", "eval"),
    ASSET: [("data", "create", "-f", f"{ASSET}/data.yml")],
}

# Two samples bring an environment of the same name and version with other packages.
SET = {"parallel/2a_iris": ("--set", "jobs.batch_prediction.task.environment.version=2")}


def samples(corpus: Path) -> list[str]:
    """The files of pipeline jobs, below the folder `cli`, in order."""
    root = corpus / "cli"
    found = {path for place in PLACES for path in (root / place).rglob("*.yml") if is_pipeline_job(path)}
    return sorted(str(path.relative_to(root)) for path in found)


def is_pipeline_job(path: Path) -> bool:
    if "jobs/basics" in str(path) and not path.name.startswith("hello-pipeline"):
        return False
    return "pipelineJob.schema.json" in path.read_text(errors="replace")


def outcome(bench: Bench, file: str) -> str:
    """`Completed`, or in one line why not."""
    if reason := unstarted(NOT_STARTED, file):
        return reason
    try:
        for folder, commands in FIRST.items():
            for command in commands if file.startswith(folder) else ():
                bench.run(*command)
        changes = [each for part, given in SET.items() if part in file for each in given]
        name = bench.run("job", "create", "-f", file, "--query", "name", "-o", "tsv", *changes).stdout.strip()
    except Unmet as refused:
        return f"refused: {str(refused).rpartition('ERROR: ')[2]}"
    try:
        bench.run("job", "stream", "-n", name, check=False, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        bench.run("job", "cancel", "-n", name, check=False)
        return f"not done after {SECONDS} s"
    job = bench.show("job", "show", "-n", name)
    return job["status"] if job["status"] == "Completed" else f"{job['status']}: {first_error(bench, name)}"


def first_error(bench: Bench, name: str) -> str:
    steps = bench.show("job", "show", "-n", name, "--graph")["steps"]
    while failed := [step for step in steps if step["status"] == "Failed"]:
        if not failed[0]["steps"]:
            return f"{failed[0]['name']}: {failed[0]['error']}"
        steps = failed[0]["steps"]
    return "no step says why"


def main() -> int:
    options = parser(__doc__).parse_args()
    with opened(options) as bench:
        rows = each(samples(options.corpus), options, lambda file: outcome(bench, file))
    done = sum(result == "Completed" for _, result in rows)
    if options.write:
        told = [(f"`{file.removeprefix('jobs/')}`", result[:300]) for file, result in rows]
        write_table(options.write, "pipelines", ("pipeline", "result"), told, "complete")
    print(f"{done} of {len(rows)} pipelines complete")
    return 0


if __name__ == "__main__":
    sys.exit(main())
