"""What the official client would send for a pipeline, as JSON. Runs in the clients' environment, without any server.

Only the calls that reach the network are replaced: they hand out ids and keep what they were given.
Usage: python oracle.py FILE... ; a `.yml` file is loaded, a `.py` file has functions `case_*` that are called.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

os.environ["AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED"] = "true"
os.environ["AZUREML_COMPONENT_REGISTRATION_MAX_WORKERS"] = "1"

from azure.ai.ml import MLClient, load_job
from azure.ai.ml._utils._asset_utils import get_upload_files_from_folder
from azure.ai.ml.entities import Job
from azure.ai.ml.entities._component.component import Component as BaseComponent
from azure.ai.ml.operations import _component_operations, _job_operations
from azure.ai.ml.operations._operation_orchestrator import OperationOrchestrator

SCOPE = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.MachineLearningServices/workspaces/default"


class Recorder:
    """Stands where the network is."""

    def __init__(self) -> None:
        self.assets: dict[str, Any] = {}

    def code(self, _: OperationOrchestrator, code: Any, register_asset: bool = True) -> str:
        path = Path(code.path)
        if path.is_file():
            files = {path.name: path}
        else:
            found = get_upload_files_from_folder(str(path), ignore_file=code._ignore_file)
            files = {key: Path(local) for local, key in found}
        content = {key: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for key, file in sorted(files.items())}
        return self._keep("codes", content)

    def environment(self, _: OperationOrchestrator, environment: Any, register_asset: bool = True) -> str:
        body = environment._to_rest_object().as_dict()["properties"]
        if environment.build is not None:
            body["build"]["contextUri"] = Path(str(environment.build.path)).name
        return self._keep("environments", body)

    def component(self, _: Any, component: BaseComponent, name: str, version: str, rest: Any) -> Any:
        body = plain(rest)["properties"]
        identifier = self._keep("components", body)
        rest["id"] = f"{identifier}"
        rest["name"] = version
        return rest

    def _keep(self, kind: str, body: Any) -> str:
        digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()[:16]
        identifier = f"{SCOPE}/{kind}/n{digest}/versions/1"
        self.assets[identifier] = body
        return identifier


def plain(rest: Any) -> Any:
    from azure.ai.ml._restclient.arm_ml_service._utils.model_base import SdkJSONEncoder

    return json.loads(json.dumps(rest, cls=SdkJSONEncoder, exclude_readonly=True))


def upload(_: Any, __: Any, path: Any, **___: Any) -> str:
    return f"azureml://datastores/workspaceblobstore/paths/LocalUpload/{Path(path).name}"


def client(recorder: Recorder) -> MLClient:
    made = MLClient(MagicMock(), "sub", "group", "default")
    OperationOrchestrator._get_code_asset_arm_id = lambda *a, **k: recorder.code(*a, **k)
    OperationOrchestrator._get_environment_arm_id = lambda *a, **k: recorder.environment(*a, **k)
    OperationOrchestrator._resolve_name_version_from_name_label = lambda self, text, kind: (
        (text.partition("@")[0], "latest") if "@" in text else (text, None)
    )
    operations = _component_operations.ComponentOperations
    operations._create_or_update_component_version = lambda *a, **k: recorder.component(*a, **k)
    operations._get_workspace_key = lambda self: "key"
    operations._resolve_azureml_id = lambda self, component, jobs_only=False: None
    BaseComponent._from_rest_object = classmethod(lambda cls, rest: type("Made", (), {"id": rest["id"]})())
    _job_operations._upload_and_generate_remote_uri = upload
    from azure.ai.ml._utils._cache_utils import CachedNodeResolver

    CachedNodeResolver._load_from_on_disk_cache = lambda *a, **k: None
    CachedNodeResolver._save_to_on_disk_cache = lambda *a, **k: None
    return made


def body_of(made: MLClient, job: Job) -> Any:
    job._validate(raise_error=True)
    made.jobs._resolve_arm_id_or_upload_dependencies(job)
    return plain(_job_operations.to_rest_job_object(job))["properties"]


def bodies(source: Path) -> dict[str, Any]:
    recorder = Recorder()
    made = client(recorder)
    jobs = {}
    if source.suffix == ".py":
        sys.path.insert(0, str(source.parent))
        names: dict[str, Any] = {"__file__": str(source), "__name__": source.stem}
        exec(compile(source.read_text(), str(source), "exec", dont_inherit=True), names)
        jobs = {name: value() for name, value in names.items() if name.startswith("case_")}
    else:
        jobs = {source.stem: load_job(source)}
    return {"jobs": {name: body_of(made, job) for name, job in jobs.items()}, "assets": recorder.assets}


def main() -> None:
    answers: dict[str, Any] = {}
    for text in sys.argv[1:]:
        try:
            answers[text] = bodies(Path(text).absolute())
        except Exception as error:
            if os.environ.get("ORACLE_TRACE"):
                raise
            answers[text] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
