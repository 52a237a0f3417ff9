"""Pipelines and components in files: read as one, mistakes told before any network, each thing sent once."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalt import MLClient, load_component, load_job
from smalt.errors import InvalidRequest, ValidationFailed
from tests.sdk.cases import FOLDER
from tests.sdk.fake_server import SCOPE, Fake

COMPONENT = """\
name: step
inputs: {data: {type: uri_folder}, rate: {type: number, min: 0, max: 1}, note: {type: string, optional: true}}
outputs: {out: {type: uri_folder}}
command: echo ${{inputs.data}} ${{inputs.rate}} $[[${{inputs.note}}]] ${{outputs.out}}
environment: azureml:e:1
"""

FILE = """\
name: file
inputs: {text: {type: uri_file}, how: {type: string, enum: [fast, slow], default: fast}}
command: cat ${{inputs.text}}
environment: azureml:e:1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "step.yml").write_text(COMPONENT)
    (tmp_path / "file.yml").write_text(FILE)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a\n")
    return tmp_path


def pipeline(folder: Path, text: str) -> Path:
    path = folder / "pipeline.yml"
    path.write_text(f"type: pipeline\n{text}")
    return path


def sent(fake: Fake, name: str) -> dict:
    return fake.resources[f"{SCOPE}/jobs/{name}"]["properties"]


def spec(fake: Fake, identifier: str) -> dict:
    return fake.resources[identifier.removeprefix("azureml:")]["properties"]["componentSpec"]


def test_every_mistake_is_told_with_its_file_and_line(fake: Fake, folder: Path) -> None:
    (folder / "broken.yml").write_text("name: broken\ncommand: echo ${{inputs.none}}\nenvironment: azureml:e:1\n")
    path = pipeline(
        folder,
        "inputs: {word: {type: string, default: hello}}\n"
        "jobs:\n"
        "  one:\n"
        "    component: ./step.yml\n"
        "    inputs:\n"
        "      data: ${{parent.inputs.word}}\n"
        "      rate: 7\n"
        "  two:\n"
        "    component: broken.yml\n"
        "  three:\n"
        "    component: ./step.yml\n"
        "    inputs: {data: '${{parent.jobs.four.outputs.out}}', rate: '${{parent.inputs.rate}}'}\n"
        "    outputs: {other: '${{parent.outputs.result}}'}\n"
        "  four:\n"
        "    component: ./missing.yml\n"
        "  five: {compute: azureml:local}\n"
        "settings: {on_init: six}\n",
    )

    with pytest.raises(ValidationFailed) as caught:
        load_job(path)

    told = str(caught.value)
    for place, sentence in {
        f"{folder}/broken.yml:2: command": "not declared",
        f"{path}:7: jobs.one.inputs.data": "takes uri_folder and is given",
        f"{path}:8: jobs.one.inputs.rate": "must be at most 1",
        f"{path}:13: jobs.three.inputs.rate": "no input 'rate'",
        f"{path}:14: jobs.three.outputs.other": "has no output 'other'",
        f"{path}:16: jobs.four.component": "There is no file",
        f"{path}:17: jobs.five": "neither 'component' nor 'command'",
        f"{path}:18: settings.on_init": "There is no step 'six'",
    }.items():
        assert any(line.strip().startswith(place) and sentence in line for line in told.splitlines()), (place, told)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        (
            "  a: {component: step.yml, inputs: {rate: 0, data: '${{parent.jobs.b.outputs.out}}'}}\n"
            "  b: {component: step.yml, inputs: {rate: 0, data: '${{parent.jobs.a.outputs.out}}'}}\n",
            "circle: a -> b -> a",
        ),
        ("  a: {component: step.yml, inputs: {rate: 0}}\n", "requires the input 'data'"),
        ("  a: {component: step.yml, inputs: {rate: x, data: ./data}}\n", "'x' is not a number"),
        ("  a: {component: step.yml, inputs: {rate: 0, data: ./none}}\n", "does not exist"),
        ("  a: {component: step.yml, inputs: {rate: 0, data: '${{inputs.x}}'}}\n", "older form"),
        (
            "  a: {component: step.yml, inputs: {rate: 0, data: ./data}, outputs: {out: '${{parent.outputs.o}}'}}\n"
            "  b: {component: step.yml, inputs: {rate: 0, data: ./data}, outputs: {out: '${{parent.outputs.o}}'}}\n"
            "outputs: {o: {type: uri_folder}}\n",
            "written by a.outputs.out already",
        ),
        (
            "  a: {command: 'echo > ${{outputs.o}}/x', environment: azureml:e:1, outputs: {o: {type: uri_folder}}}\n"
            "  b: {component: file.yml, inputs: {text: '${{parent.jobs.a.outputs.o}}'}}\n",
            "'text' takes a file (uri_file) and is given a uri_folder",
        ),
        (
            "  a: {component: step.yml, inputs: {rate: '${{parent.inputs.r}}', data: ./data}}\ninputs: {r: 7}\n",
            "at most 1",
        ),
        (
            "  a: {component: file.yml, inputs: {how: loud, text: ./data/a.csv}}\n",
            "'loud' and must be one of: fast, slow",
        ),
        ("  a: {command: 'echo ${{inputs.x}}', environment: azureml:e:1}\n", "${{inputs.x}} is not declared"),
        ("  a-b: {component: step.yml, inputs: {rate: 0, data: ./data}}\n", "no name of a step"),
        ("  a: {type: do_while, body: '${{parent.jobs.none}}', mapping: {}}\n", "no step 'none'"),
    ],
)
def test_a_bad_graph_is_refused_before_anything_is_sent(folder: Path, jobs: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        load_job(pipeline(folder, f"jobs:\n{jobs}"))

    assert told in str(caught.value)


def test_a_component_that_is_a_step_of_itself_is_refused(folder: Path) -> None:
    (folder / "self.yml").write_text("name: s\ntype: pipeline\njobs: {a: {type: pipeline, component: self.yml}}\n")

    with pytest.raises(ValidationFailed, match="leads back to itself"):
        load_job(pipeline(folder, "jobs: {a: {type: pipeline, component: self.yml}}\n"))


def test_equal_components_are_registered_once_and_named_by_their_content(
    client: MLClient, fake: Fake, folder: Path
) -> None:
    step = "  s{0}: {{component: step.yml, inputs: {{data: ./data, rate: 0.{0}}}}}\n"
    steps = "".join(step.format(number) for number in range(1, 100))
    path = pipeline(folder, f"jobs:\n{steps}")

    first = client.jobs.create_or_update(load_job(path))
    asked = len(fake.requests)
    fake.requests.clear()
    second = client.jobs.create_or_update(load_job(path))

    assert fake.count("PUT .*/components/") == 1
    assert fake.count("PUT /blob") == 0
    assert asked < 15
    ids = {step["componentId"] for name in (first.name, second.name) for step in sent(fake, name)["jobs"].values()}
    assert len(ids) == 1
    (folder / "step.yml").write_text(COMPONENT.replace("echo", "printf"))
    third = client.jobs.create_or_update(load_job(path))
    assert sent(fake, third.name)["jobs"]["s1"]["componentId"] not in ids


def test_includes_are_laid_beside_the_code(client: MLClient, fake: Fake, tmp_path: Path) -> None:
    for path in ("own/src/main.py", "lib/deep/tool.py", "one.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    component = tmp_path / "own" / "c.yml"
    component.write_text("name: c\ncommand: x\ncode: ./src\nenvironment: azureml:e:1\n")
    component.with_suffix(".additional_includes").write_text("../lib\n../one.txt\n../lib.zip\n")

    made = client.components.create_or_update(load_component(component))

    code = fake.resources[made.code.removeprefix("azureml:")]["properties"]["codeUri"].partition("ws-guid/")[2]
    files = sorted(key.removeprefix(f"{code}/") for key in fake.blobs if key.startswith(code))
    assert files == ["lib.zip", "lib/deep/tool.py", "main.py", "one.txt"]
    assert "additional_includes" not in spec(fake, made.id)


def test_a_pipeline_may_take_its_steps_from_a_component_file(client: MLClient, fake: Fake, tmp_path: Path) -> None:
    path = pipeline(tmp_path, f"component: {FOLDER / 'nested.yml'}\ninputs: {{raw: {{path: {FOLDER / 'data'}}}}}\n"
                              "settings: {default_compute: azureml:local}\n")  # fmt: skip

    submitted = client.jobs.create_or_update(load_job(path))

    body = sent(fake, submitted.name)
    assert list(body["jobs"]) == ["prepare", "train"]
    assert body["inputs"]["epochs"]["value"] == "3"
    assert body["outputs"] == {"model": {"jobOutputType": "mlflow_model"}}


def test_labels_are_resolved_once_and_registries_are_left_to_the_server(
    client: MLClient, fake: Fake, folder: Path
) -> None:
    made = client.components.create_or_update(load_component(folder / "step.yml"))
    far = "azureml://registries/r/components/far/versions/1"
    step = "{component: azureml:step@latest, inputs: {rate: 0, data: ./data}}"
    path = pipeline(folder, f"jobs:\n  a: {step}\n  b: {step}\n  c: {{component: '{far}'}}\n")
    fake.requests.clear()

    submitted = client.jobs.create_or_update(load_job(path))

    jobs = sent(fake, submitted.name)["jobs"]
    assert [jobs[name]["componentId"] for name in "abc"] == [made.id, made.id, far]
    assert fake.count("GET .*/components/step/versions") == 1
