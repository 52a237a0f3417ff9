from pathlib import Path

import pytest

from smalt.entities.kinds import entity_class
from smalt.errors import InvalidRequest, NotFound, ValidationFailed
from smalt.kit import yaml
from smalt.wire.arm import codec
from smalt.wire.yaml import dump_entity, dump_yaml, load_entity, resolve_local

JOB = """\
$schema : https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
code: src
command: >-
  python main.py --iris ${{inputs.iris}}
  --lr ${{inputs.lr}}
inputs:
  iris:
    type: uri_file
    path: https://example.org/iris.csv
  lr: 1e-3
outputs:
  model:
environment: azureml:sklearn@latest
compute: azureml:cpu-cluster
experiment_name: iris
resources:
  instance_count: 2
"""
DOCUMENTS = [
    ("job", JOB),
    ("job", "type: pipeline\njobs:\n  a: {type: command, inputs: {x: '${{parent.inputs.x}}'}, outputs: {y: }}\n"),
    (
        "job",
        "type: sweep\nsampling_algorithm: random\nsearch_space: {lr: {type: uniform, min_value: 0.1, max_value: 1}}\n"
        "objective: {goal: maximize, primary_metric: acc}\ntrial: {command: x, environment: 'azureml:e:1'}\n",
    ),
    ("job", "type: automl\ntask: classification\ntarget_column_name: y\ntraining_data: {path: x, type: mltable}\n"),
    ("data", "name: iris\nversion: 01\ntype: uri_file\npath: ./iris.csv\ntags: {year: 1936}\n"),
    ("model", "name: m\ntype: mlflow_model\npath: runs:/j/model\nflavors: {sklearn: {v: 1}}\n"),
    ("environment", "name: e\nimage: python:3.11\nconda_file: {dependencies: [python=3.11, {pip: [numpy]}]}\n"),
    ("component", "name: c\ntype: command\ncommand: x\ninputs: {n: {type: number, default: 1e-3}}\noutputs: {o: }\n"),
    ("datastore", "name: s\ntype: s3\nbucket: b\ncredentials: {access_key_id: k, secret_access_key: hush}\n"),
    ("compute", "name: cpu\ntype: amlcompute\nmax_instances: 2\nidle_time_before_scale_down: 120\n"),
    ("connection", "name: llm\ntype: azure_open_ai\nazure_endpoint: https://x\napi_key: hush\napi_version: v\n"),
    ("workspace", "name: lab\ndisplay_name: Lab\nlocation: here\n"),
]
ARM_KINDS = {"job": "jobs", "data": "data", "registry": "registries"}


@pytest.mark.parametrize(("kind", "text"), DOCUMENTS)
def test_an_entity_survives_yaml(kind, text):
    entity = load_entity(kind, text).entity

    again = type(entity).parse(yaml.load(yaml.dump(entity.document(secrets=True))))

    assert again == entity


@pytest.mark.parametrize(("kind", "text"), DOCUMENTS)
def test_an_entity_survives_the_wire(kind, text):
    entity = load_entity(kind, text).entity
    wire = codec(ARM_KINDS.get(kind, f"{kind}s"))

    body = wire.to_arm(entity, secrets=True)
    again = wire.from_arm(body, name=entity.name, version=getattr(entity, "version", None))

    assert wire.to_arm(again, secrets=True) == body
    assert dump_entity(again).keys() >= dump_entity(entity).keys()


def test_show_prints_no_secret():
    text = "name: s\ntype: s3\nbucket: b\ncredentials: {access_key_id: k, secret_access_key: hush}\n"

    assert "hush" not in dump_yaml(load_entity("datastore", text).entity)


def test_mistakes_come_all_at_once_with_file_line_and_remedy(tmp_path):
    path = tmp_path / "job.yml"
    path.write_text("inputs:\n  x: {type: uri_file, mode: fly}\nname: größe\nlimits:\n  timeout: soon\n")

    with pytest.raises(ValidationFailed) as failure:
        load_entity("job", path)

    lines = [detail.message for detail in failure.value.details]
    assert any(line.startswith(f"{path}:2: inputs.x.mode: ") for line in lines)
    assert any(line.startswith(f"{path}:3: name: ") and "ASCII letters" in line for line in lines)
    assert any(line.startswith(f"{path}:5: limits.timeout: ") for line in lines)
    assert any("command: This field is required" in line for line in lines)
    assert len(lines) == 4


def test_a_refusal_gets_the_lines_of_the_file_and_keeps_those_of_other_files(tmp_path):
    path = tmp_path / "job.yml"
    path.write_text("command: x\nname: job\nenvironment: ./env.yml\n")
    mistakes = [
        InvalidRequest("No such image.", target="environment"),
        InvalidRequest("env.yml:4: name: Odd.", target="name"),
    ]

    told = load_entity("job", path).explained(ValidationFailed("Wrong.", details=mistakes))

    assert told.message.splitlines()[1:] == [f"  {path}:3: environment: No such image.", "  env.yml:4: name: Odd."]


def test_unknown_fields_warn_with_their_line_and_are_kept(tmp_path):
    path = tmp_path / "job.yml"
    path.write_text("command: echo\nresources:\n  instance_cout: 2\n")

    loaded = load_entity("job", path)

    assert [(warned.path, warned.line) for warned in loaded.warnings] == [("resources.instance_cout", 3)]
    assert loaded.entity.document()["resources"] == {"instance_cout": 2}
    assert loaded.base_dir == tmp_path


def test_overrides_change_the_document_before_it_is_read():
    overrides = ["inputs.lr=0.5", "resources.instance_count=4", "tags.team=01", "inputs.iris.path=./other.csv"]

    job = load_entity("job", JOB, overrides=overrides).entity

    assert (job.inputs["lr"], job.resources.instance_count, job.tags["team"]) == (0.5, 4, "01")
    assert job.inputs["iris"].path == "./other.csv"


def test_an_override_of_a_list_item_counts_from_zero():
    text = "command: x\nresources: {docker_args: [a, b]}\n"

    job = load_entity("job", text, overrides=["resources.docker_args[1]=c"]).entity

    assert job.resources.docker_args == ["a", "c"]


@pytest.mark.parametrize("override", ["nothing", "=1", "command.deeper=1", "resources.docker_args[9]=c"])
def test_an_override_that_fits_nowhere_is_refused(override):
    with pytest.raises(InvalidRequest, match="--set"):
        load_entity("job", "command: x\nresources: {docker_args: [a]}\n", overrides=[override])


def test_a_wrong_override_is_blamed_and_not_the_file():
    with pytest.raises(ValidationFailed, match=r"--set limits.timeout=soon"):
        load_entity("job", JOB, overrides=["limits.timeout=soon"])


def test_an_unfilled_placeholder_is_named_only_where_it_breaks_the_type():
    assert load_entity("environment", "name: e\nimage: {{IMAGE}}\n").entity.image == "{{IMAGE}}"
    with pytest.raises(ValidationFailed, match=r"version '1-<VERSION>' is an unfilled placeholder.*--set version="):
        load_entity("data", "name: d\npath: x\nversion: 1-<VERSION>\n")


def test_files_that_are_missing_or_no_mapping_are_refused(tmp_path):
    path = tmp_path / "list.yml"
    path.write_text("- a\n")

    with pytest.raises(NotFound):
        load_entity("job", tmp_path / "none.yml")
    with pytest.raises(InvalidRequest, match="holds a list"):
        load_entity("job", path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidRequest, match="UTF-8"):
        load_entity("job", path)


def test_local_paths_are_relative_to_the_file():
    assert resolve_local(Path("/a/b"), "../src") == Path("/a/src")
    assert resolve_local(Path("/a/b"), "file:./x.yml") == Path("/a/b/x.yml")


def test_the_class_is_chosen_by_type_and_by_what_only_one_type_has():
    assert type(load_entity("job", "jobs: {}\n").entity) is entity_class("job", "pipeline")
    with pytest.raises(ValidationFailed, match="azure_blob"):
        load_entity("datastore", "name: s\ntype: floppy\n")
