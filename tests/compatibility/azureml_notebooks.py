"""Runs notebooks of Azure/azureml-examples through the official SDK, unmodified, and says what became of each.

    python tests/compatibility/azureml_notebooks.py --corpus PATH --python CLIENTS [--only TEXT] [--write FILE]

CLIENTS is an interpreter with `azure-ai-ml`, `mldesigner`, `pandas` and `pyarrow`. The cells run in order as one
program, in a copy of their folder. Left out are the notebook's own commands (`%pip`, `!az`) and cells with
`local=True`, for which that SDK starts a container itself.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from azureml_examples import REGISTRY, Bench, each, mended, opened, parser, unstarted, write_table

PLACES = ("jobs/pipelines", "jobs/parallel", "schedules", "endpoints/batch", "endpoints/online")
SECONDS = 1500
POLLING = {"AZUREML_RUN_POLLING_INTERVAL_MIN": "1", "AZUREML_RUN_POLLING_INTERVAL_MAX": "2"}

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
    "custom-container": "its environment is an image of a server of its own",
    "automl-forecasting": "trains; then its scripts register and load the model by `azureml-core`, the first SDK",
    "triton": "its environment is the image of Triton",
    "deploy-with-packages/custom": "a cell of it is no Python: a comma is missing; its other cells run",
    "deploy-with-packages/mlflow": "packs, deploys and asks; then passes `with_package`, which the SDK refuses",
    "deploy-with-packages/registry": "its model is one of the registry `azureml`, whose weights would be downloaded",
    "debug-online-endpoints": "is about containers of that SDK on the caller's machine",
    "managed-identities": "asks `management.azure.com` for identities and roles",
    "keyvault": "asks Azure Key Vault",
}

# Its second deployment names the folder of the code once more.
MISTAKES = {"binary-payloads": {'"code/multi-file': '"multi-file'}}

# What notebooks download themselves is a file of the repository, by an address of this machine.
DOWNLOADS = {"https://aka.ms/peacock-pic": "cli/endpoints/online/managed/binary-payloads/input.jpg"}

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
    for place in (*PLACES, "assets/environment"):
        shutil.copytree(corpus / "sdk/python" / place, scratch / "corpus/sdk/python" / place)
    for beside in ("assets", "cli"):
        (scratch / "corpus" / beside).symlink_to(corpus / beside)
    (scratch / "corpus/config.json").write_text(json.dumps(workspace))
    return scratch / "corpus/sdk/python"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder as files of the web."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def outcome(bench: Bench, root: Path, file: str, python: Path, public: str) -> str:
    """`runs`, or in one line why not."""
    if reason := unstarted(NOT_STARTED, file):
        return reason
    exports = bench.environment() | POLLING
    given = {"<SUBSCRIPTION_ID>": exports["AZUREML_ARM_SUBSCRIPTION"],
             "<RESOURCE_GROUP>": exports["AZUREML_ARM_RESOURCEGROUP"],
             "<AML_WORKSPACE_NAME>": exports["AZUREML_ARM_WORKSPACE_NAME"],
             "<COMPUTE_NAME>": "k8s-compute", "<CLUSTER_NAME>": "k8s-cluster", "<REGISTRY_NAME>": REGISTRY,
             **{url: f"{public}/{path}" for url, path in DOWNLOADS.items()}}  # fmt: skip
    changes, told = mended(MISTAKES, file)
    script = bench.scratch / "notebook.py"
    script.write_text(program(root / file, {**given, **changes}))
    before = bench.jobs()
    try:
        done = subprocess.run([python, script], cwd=(root / file).parent, env=exports, capture_output=True,
                              text=True, timeout=SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    if done.returncode:
        (bench.scratch / f"{file.replace('/', '.')}.log").write_text(done.stdout + done.stderr)
        return f"**no**: {' '.join(done.stderr.split())[-300:]}"
    return bench.verdict(before) + told


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--python", type=Path, required=True)
    options = arguments.parse_args()
    with opened(options) as bench, served(options.corpus) as public:
        state = json.loads((bench.home / "server.json").read_text())
        config = {"subscription_id": state["subscription"], "resource_group": state["group"],
                  "workspace_name": state["workspace"]}  # fmt: skip
        root = copied(options.corpus.absolute(), bench.scratch, config)
        python = options.python.absolute()
        bench.run("registry", "create", "-f", "resources/registry/registry.yml", "--name", REGISTRY)
        rows = each(notebooks(options.corpus), options, lambda file: outcome(bench, root, file, python, public))
        print(f"programs and logs are in {bench.scratch}")
    done = sum(result == "runs" for _, result in rows)
    if options.write:
        told = [(f"`{file}`", result[:300]) for file, result in rows]
        write_table(options.write, "notebooks", ("notebook", "result"), told, "run")
    print(f"{done} of {len(rows)} notebooks run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
