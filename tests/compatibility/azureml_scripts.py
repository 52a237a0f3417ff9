"""Runs scripts of az commands of Azure/azureml-examples through our `az`, and says what became of each.

    python tests/compatibility/azureml_scripts.py --corpus PATH [--only TEXT] [--write docs/compatibility.md]

Each runs in its own folder of a copy, after `eval "$(smalt env --az)"`, with what stands between angle brackets filled
in. It runs when it ends with 0, no command of az in it failed but a `show`, and every job it has submitted completes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from azureml_examples import REGISTRY, Bench, each, mended, opened, parser, unstarted, write_table

SECONDS = 1500
ELSEWHERE = ("foundation-models", "jobs/deepspeed", "jobs/spark", "vnet/setup_vm/scripts")
DEFAULTS = ("group=smalt", "workspace=default", "location=local")
NAMES = ("management.azure.com", "ml.azure.com")
"""Names of Azure that lead to the server, as the name server of a closed network may say."""

# The first that is part of a script's path says why it is not started.
NOT_STARTED = {
    "batch-score-rest": "what it uploads by `az storage` is not in the repository (`endpoints/batch/mnist`)",
    "custom-container-tfserving": "downloads its model, and runs TensorFlow Serving by `docker run`",
    "custom-container": "builds its image by `az acr build`",
    "access-resource": "makes storage accounts and roles by `az storage` and `az role` on them",
    "workspacevnet": "makes a managed network",
    "vnet": "makes a virtual network and machines in it by `az vm`",
    "update-to-user-identity": "makes an identity by `az identity`",
    "autoscale": "sets rules of `az monitor`",
    "keyvault": "makes a vault by `az keyvault`",
    "deploy-triton": "its environment is the image of Triton",
    "deploy-with-packages/registry": "its model is one of the registry `azureml`, whose weights would be downloaded",
    "migrate-service": "moves a service of the first generation, named by hand",
    "huggingface-text": "downloads its model",
    "imagenet-classifier": "downloads its model and its images",
    "mnist-classifier": "its environments install PyTorch 1.13 and TensorFlow for Python 3.8, with gigabytes for GPUs",
    "batch-score.sh": "its environments install PyTorch 1.13 and TensorFlow for Python 3.8, with gigabytes for GPUs",
    "openai-embeddings": "its model is one of Azure OpenAI",
    "deploy-flow": "its flow asks a model of Azure OpenAI",
    "java/iris": "its job runs Java",
    "train-rest": "ends at its first line",
    "misc.sh": "installs az from the network",
    "run-job-pipeline-all": "submits, by `run-job.sh`, the pipelines of the table above",
}

# What stands in a script that its own author could not run, and what is meant.
MISTAKES: dict[str, dict[str, str]] = {
    "heart-classifier-mlflow": {
        "JOB_NAME = ": "JOB_NAME=",
        '--path "model"': '--path "deployment-simple/model"',
        "data/mnist/sample": "data/heart-disease-uci/data",
    },
    "training-with-components": {"--output-name transformations": "--output-name prepare_transformations"},
    "custom-outputs-parquet": {"JOB_NAME = ": "JOB_NAME="},
    "schedule.sh": {"cron-schedule.yml": "cron-job-schedule.yml"},
}

# A command that cannot be answered here, and why.
BUT_FOR: dict[str, tuple[str, str]] = {
    "endpoints/batch/deploy-models/heart-classifier-mlflow/deploy-and-run.sh": (
        "job stream",
        "the script of its second deployment calls `mlflow.pyfunc.load`, which MLflow does not have",
    ),
    "endpoints/online/deploy-with-packages/custom-model/deploy.sh": (
        "online-",
        "its deployments name an endpoint that it does not make, and one has a name that is not allowed",
    ),
    "endpoints/online/deploy-with-packages/mlflow-model/deploy.sh": (
        "invoke",
        "its model is one of scikit-learn 1.1.2, its conda file asks for 1.7.0",
    ),
    "train.sh": ("cifar-distributed", "it trains with PyTorch on GPU machines, over images of another sample"),
    "schedules/schedule.sh": ("schedule delete", "a schedule is disabled before it is deleted, as on the original"),
}

# What a script that runs does not look at.
UNSEEN = {"deploy-rest.sh": "its request is answered with `NoTraffic`, since it gives its deployment none"}

ARGUMENTS = {
    "run-job.sh": ["jobs/basics/hello-world.yml"],
    "upload-data-to-blob.sh": ["assets/data/sample-data"],
}

RECORDING = """#!/bin/bash
{az} "$@"
status=$?
[[ $status == 0 ]] || echo "$*" >> {failed}
exit $status
"""


def scripts(corpus: Path) -> list[str]:
    """Those that call az, below the folder `cli`, in order."""
    root = corpus / "cli"
    calling = [path for path in root.rglob("*.sh") if re.search(r"\baz ", path.read_text())]
    found = sorted(str(path.relative_to(root)) for path in calling)
    return [file for file in found if not any(part in file for part in ELSEWHERE)]


def copied(corpus: Path, scratch: Path) -> Path:
    """The folder of the scripts, to be written into."""
    shutil.copytree(corpus / "cli", scratch / "corpus/cli", ignore=shutil.ignore_patterns("foundation-models"))
    (scratch / "corpus/assets").symlink_to(corpus / "assets")
    return scratch / "corpus/cli"


def outcome(bench: Bench, root: Path, file: str) -> str:
    """`runs`, or in one line why not."""
    if reason := unstarted(NOT_STARTED, file):
        return reason
    changes, told = mended(MISTAKES, file)
    prepare(bench, root / file, changes)
    failed = bench.scratch / "failed"
    failed.unlink(missing_ok=True)
    before = bench.jobs()
    try:
        done = subprocess.run(["bash", Path(file).name, *ARGUMENTS.get(file, [])], cwd=(root / file).parent,
                              env=recorded(bench, failed), capture_output=True, text=True, timeout=SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    (bench.scratch / f"{file.replace('/', '.')}.log").write_text(done.stdout + done.stderr)
    commands = failed.read_text().splitlines() if failed.exists() else []
    words, why = BUT_FOR.get(file, ("", ""))
    known = [command for command in commands if words and words in command]
    refused = [command for command in commands if command not in known and " show" not in command]
    if refused or (done.returncode and not known):
        return f"**no**: {'; '.join(refused[:1])} {' '.join(done.stderr.split())[-250:]}"
    # A job that is known to fail is named in the command that fails for it.
    verdict = bench.verdict({*before, *" ".join(known).split()})
    notes = [
        *([UNSEEN[file]] if file in UNSEEN else []),
        *([f"but for `{words}`: {why}"] if known else []),
    ]
    return ", ".join([verdict, *notes]) + told


def prepare(bench: Bench, script: Path, changes: Mapping[str, str]) -> None:
    """Fill in what the reader is to fill in, and change what is wrong."""
    exports = bench.environment()
    subscription, workspace = exports["AZUREML_ARM_SUBSCRIPTION"], exports["AZUREML_ARM_WORKSPACE_NAME"]
    names = {"subscription": subscription, "subscription_id": subscription, "workspace": workspace,
             "workspace_name": workspace, "resource_group": exports["AZUREML_ARM_RESOURCEGROUP"],
             "location": "local", "registry_name": REGISTRY}  # fmt: skip
    text = script.read_text()
    for name in re.findall(r"<([\w-]+)>", text):
        text = text.replace(f"<{name}>", names.get(name.lower().replace("-", "_"), f"<{name}>"))
    for written, meant in changes.items():
        text = text.replace(written, meant)
    script.write_text(text)


def recorded(bench: Bench, failed: Path) -> dict[str, str]:
    """What a user has after `smalt env --az`, with an `az` before it that notes which commands fail."""
    exports = bench.environment("--az")
    az = shutil.which("az", path=exports["PATH"])
    place = bench.scratch / "recording"
    place.mkdir(exist_ok=True)
    (place / "az").write_text(RECORDING.format(az=az, failed=failed))
    (place / "az").chmod(stat.S_IRWXU)
    subprocess.run([place / "az", "configure", "--defaults", *DEFAULTS], env=exports, check=True)
    port = urlsplit(json.loads((bench.home / "server.json").read_text())["tls_url"]).port
    (place / ".curlrc").write_text("".join(f'connect-to = "{name}:443:localhost:{port}"\n' for name in NAMES))
    return exports | {"PATH": f"{place}{os.pathsep}{exports['PATH']}", "CURL_HOME": str(place)}


def main() -> int:
    options = parser(__doc__).parse_args()
    with opened(options, *(word for name in NAMES for word in ("--host-name", name))) as bench:
        root = copied(options.corpus.absolute(), bench.scratch)
        bench.run("registry", "create", "-f", "resources/registry/registry.yml", "--name", REGISTRY)
        bench.run("compute", "create", "-n", "inferencecompute", "--type", "amlcompute")
        rows = each(scripts(options.corpus), options, lambda file: outcome(bench, root, file))
        print(f"logs are in {bench.scratch}")
    done = sum(result == "runs" for _, result in rows)
    if options.write:
        told = [(f"`{file}`", result[:300]) for file, result in rows]
        write_table(options.write, "scripts", ("script", "result"), told, "run as they stand")
    print(f"{done} of {len(rows)} scripts run as they stand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
