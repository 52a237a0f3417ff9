"""Runs notebooks of Azure/azureml-examples through the official SDK, unmodified, and says what became of each.

    python tests/compatibility/azureml_notebooks.py --corpus PATH --python CLIENTS [--only TEXT] [--write FILE]

CLIENTS is an interpreter with `azure-ai-ml`, `mldesigner` and `pandas`. The cells run in order as one program, in a
copy of their folder. Left out are the notebook's own commands (`%pip`, `!az`) and cells with `local=True`, for which
that SDK starts a container itself.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from azureml_examples import Bench, each, opened, parser, write_table

PLACES = ("jobs/pipelines", "jobs/parallel", "schedules", "endpoints/batch", "endpoints/online")
SECONDS = 1500

# The first that is part of a notebook's path says why it is not started.
NOT_STARTED = {
    "1h_automl_in_pipeline/automl-image": "downloads its images",
    "1h_automl_in_pipeline/automl-text": "text tasks need pretrained weights and a GPU",
    "1i_pipeline_with_spark": "needs an attached Spark pool, named by hand",
    "1k_demand_forecast": "downloads its tables, for components of the registry `azureml`",
    "2a_train_mnist": "downloads its images",
    "2b_train_cifar": "downloads its images",
    "2d_image_classification": "trains a network with PyTorch on a GPU machine",
    "2e_image_classification": "downloads its images",
    "3a_mnist_batch": "downloads its images",
    "1l_flow_in_pipeline": "its flow asks a model of Azure OpenAI",
    "huggingface-text": "downloads its model",
    "imagenet-classifier": "downloads its model and its images",
    "mnist-classifier": "its models are of PyTorch and TensorFlow for Python 3.7 and 3.8 with GPU builds",
    "openai-embeddings": "its model is one of Azure OpenAI",
    "from-registry": "needs a registry in a second workspace, named by hand",
    "custom-container": "its environment is an image of a server of its own",
    "triton": "its environment is the image of Triton",
    "deploy-with-packages/custom": "a cell of it is no Python: a comma is missing; its other cells run",
    "deploy-with-packages/mlflow": "packs, deploys and asks; then passes `with_package`, which the SDK refuses",
    "deploy-with-packages/registry": "its model is one of the registry `azureml`, whose weights would be downloaded",
    "debug-online-endpoints": "is about containers of that SDK on the caller's machine",
    "managed-identities": "asks `management.azure.com` for identities and roles",
    "keyvault": "asks Azure Key Vault",
    "binary-payloads": "downloads its image",
}

# One notebook has an empty cell where the others make their client.
CLIENT = """
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
ml_client = MLClient.from_config(DefaultAzureCredential())
"""


def notebooks(corpus: Path) -> list[str]:
    root = corpus / "sdk/python"
    return sorted(str(path.relative_to(root)) for place in PLACES for path in (root / place).rglob("*.ipynb"))


def program(notebook: Path, placeholders: dict[str, str]) -> str:
    """The cells as one program."""
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    text = "\n".join(_plain("".join(cell["source"])) for cell in cells)
    for name, value in placeholders.items():
        text = text.replace(name, value)
    # The working folder is on a notebook's path, and a script's own folder on a script's.
    return f"import sys\nsys.path.insert(0, '')\n{'' if 'ml_client =' in text else CLIENT}{text}\n"


def _plain(source: str) -> str:
    """A cell without what only a notebook understands."""
    if written := re.match(r"\s*%%writefile +(\S+)\n", source):
        return f"open({written[1]!r}, 'w').write({source[written.end() :]!r})\n"
    if "local=True" in source:
        return ""
    return "".join(line for line in source.splitlines(keepends=True) if not re.match(r"\s*[%!]", line))


def copied(corpus: Path, scratch: Path, workspace: dict[str, str]) -> Path:
    """The folders of the notebooks, to be written into, below the file that names the workspace."""
    for place in PLACES:
        shutil.copytree(corpus / "sdk/python" / place, scratch / "corpus/sdk/python" / place)
    (scratch / "corpus/cli").symlink_to(corpus / "cli")
    (scratch / "corpus/config.json").write_text(json.dumps(workspace))
    return scratch / "corpus/sdk/python"


def outcome(bench: Bench, root: Path, file: str, python: Path) -> str:
    """`runs`, or in one line why not."""
    for part, reason in NOT_STARTED.items():
        if part in file:
            return f"not started: {reason}"
    exports = environment(bench)
    workspace = {"<SUBSCRIPTION_ID>": exports["AZUREML_ARM_SUBSCRIPTION"],
                 "<RESOURCE_GROUP>": exports["AZUREML_ARM_RESOURCEGROUP"],
                 "<AML_WORKSPACE_NAME>": exports["AZUREML_ARM_WORKSPACE_NAME"]}  # fmt: skip
    script = bench.scratch / "notebook.py"
    script.write_text(program(root / file, workspace))
    before = {job["name"] for job in bench.show("job", "list")}
    try:
        done = subprocess.run([python, script], cwd=(root / file).parent, env=exports, capture_output=True,
                              text=True, timeout=SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    if done.returncode:
        (bench.scratch / f"{file.replace('/', '.')}.log").write_text(done.stdout + done.stderr)
        return f"**no**: {' '.join(done.stderr.split())[-300:]}"
    return verdict(bench, before)


def verdict(bench: Bench, before: set[str]) -> str:
    """What became of the jobs that a notebook has submitted and, as some do, not waited for."""
    for name in [job["name"] for job in bench.show("job", "list") if job["name"] not in before]:
        bench.run("job", "stream", "-n", name, check=False)
        status = bench.show("job", "show", "-n", name)["status"]
        if status != "Completed":
            return f"**no**: its job {name} is {status}"
    return "runs"


def environment(bench: Bench) -> dict[str, str]:
    """What a user has who has run `eval "$(smalt env)"`."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "MLFLOW", "SMALT"))}
    for line in bench.run("env").stdout.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        found[name] = shlex.split(value)[0]
    return found | {"AZUREML_RUN_POLLING_INTERVAL_MIN": "1", "AZUREML_RUN_POLLING_INTERVAL_MAX": "2"}


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--python", type=Path, required=True)
    options = arguments.parse_args()
    with opened(options) as bench:
        state = json.loads((bench.home / "server.json").read_text())
        config = {"subscription_id": state["subscription"], "resource_group": state["group"],
                  "workspace_name": state["workspace"]}  # fmt: skip
        root = copied(options.corpus.absolute(), bench.scratch, config)
        python = options.python.absolute()
        rows = each(notebooks(options.corpus), options, lambda file: outcome(bench, root, file, python))
        print(f"programs and logs are in {bench.scratch}")
    done = sum(result == "runs" for _, result in rows)
    if options.write:
        told = [(f"`{file}`", result[:300]) for file, result in rows]
        write_table(options.write, "notebooks", ("notebook", "result"), told, "run")
    print(f"{done} of {len(rows)} notebooks run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
