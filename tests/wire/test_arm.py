import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalt.entities.component import Component
from smalt.entities.job.inputs import literal_texts
from smalt.errors import InvalidRequest
from smalt.wire.arm import codec
from smalt.wire.arm.datastores import secrets_to_arm
from smalt.wire.arm.envelope import Scope, arm_id, parse_arm_id, resource
from tests.wire.arm_samples import SAMPLES

BODIES = [(kind, body) for kind, bodies in SAMPLES.items() for body in bodies]
IDS = [f"{kind}-{body['properties'].get('jobType', index)}" for index, (kind, body) in enumerate(BODIES)]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["PT1H", "literal", "Enabled", "P" + "9" * 400 + "D"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def lost(sent, answered, path=""):
    """What was sent and does not come back as it was."""
    if isinstance(sent, dict) and isinstance(answered, dict):
        for key, value in sent.items():
            yield from lost(value, answered.get(key, "missing"), f"{path}.{key}")
    elif sent != answered:
        yield path, sent, answered


def paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


@pytest.mark.parametrize(("kind", "body"), BODIES, ids=IDS)
def test_what_a_client_sends_comes_back(kind, body):
    entity = codec(kind).from_arm(body, name="abc")

    assert list(lost(body, codec(kind).to_arm(entity, secrets=True))) == []


def test_a_step_of_automl_has_no_inputs_on_the_wire_which_the_official_client_refuses_to_read():
    step = {"type": "automl", "task": "classification", "target_column_name": "y"}
    job = codec("jobs").from_arm({"properties": {"jobType": "Pipeline", "jobs": {"a": step}}}, name="p")

    body = codec("jobs").to_arm(job)

    assert "inputs" not in body["properties"]["jobs"]["a"]


def test_a_component_without_a_name_in_the_workspace_keeps_the_one_of_its_file():
    spec = {"name": "clean", "type": "command", "command": "true", "environment": "azureml:e:1"}
    sent = {"properties": {"componentSpec": spec, "isAnonymous": True}}

    kept = codec("components").from_arm(sent, name="azureml_anonymous", version="1").document()

    shown = codec("components").to_arm(Component.parse(kept))["properties"]["componentSpec"]
    assert (kept["name"], shown["name"]) == ("azureml_anonymous", "clean")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([(kind, body, path) for kind, body in BODIES for path in paths(body)]), JUNK)
def test_any_body_is_read_stably_or_refused(place, junk):
    kind, body, path = place
    changed = {"root": copy.deepcopy(body)}
    holder = changed
    for key in ("root", *path)[:-1]:
        holder = holder[key]
    holder[("root", *path)[-1]] = junk

    try:
        entity = codec(kind).from_arm(changed["root"], name="abc")
    except InvalidRequest:
        return

    body = codec(kind).to_arm(entity, secrets=True)
    assert codec(kind).to_arm(codec(kind).from_arm(body, name="abc"), secrets=True) == body


@pytest.mark.parametrize("timeout", [float("nan"), float("inf"), "nan", "-Infinity"])
def test_a_span_of_time_that_is_no_number_is_refused_in_a_step_too(timeout):
    step = {"type": "command", "component": "azureml:c:1", "limits": {"timeout": timeout}}

    with pytest.raises(InvalidRequest, match="is no span of time"):
        codec("jobs").from_arm({"properties": {"jobType": "Pipeline", "jobs": {"a": step}}}, name="p")


def test_a_command_job_is_spelled_as_in_yaml():
    job = codec("jobs").from_arm(SAMPLES["jobs"][0], name="j1")

    assert literal_texts(job.inputs) == {"lr": "0.1", "q": "1"}
    assert job.limits.timeout == 3600
    assert job.queue_settings.document() == {"job_tier": "standard", "priority": "medium"}
    assert job.distribution.document() == {"type": "mpi", "process_count_per_instance": 2}
    assert job.services["s1"].ssh_public_keys == "k"
    assert job.outputs["o"].document() == {"type": "uri_folder", "mode": "upload", "name": "reg"}


def test_the_steps_of_a_component_are_spelled_as_in_yaml_and_written_back_the_same():
    sent = SAMPLES["components"][1]
    component = codec("components").from_arm(sent, name="nested")
    step = component.document()["jobs"]["train"]

    again = codec("components").to_arm(component.model_copy(update={"component_spec": None}))

    assert (step["inputs"], step["outputs"]) == (
        {"lr": "${{parent.inputs.lr}}"}, {"model": {"path": "${{parent.outputs.model}}"}},
    )  # fmt: skip
    assert again["properties"]["componentSpec"]["jobs"] == sent["properties"]["componentSpec"]["jobs"]


@pytest.mark.parametrize("kind", ["jobs", "components"])
def test_partition_keys_are_a_list_here_and_text_in_a_document_of_steps(kind):
    keys = {"type": "parallel", "partition_keys": '["Store", "Brand"]'}
    sent = {
        "jobs": {"jobType": "Pipeline", "jobs": {"train": {"name": "train", **keys}}},
        "components": {"componentSpec": {"name": "train", **keys}},
    }

    read = codec(kind).from_arm({"properties": sent[kind]}, name="n")
    document = read.document()
    again = codec(kind).to_arm(read)["properties"]

    found = document["jobs"]["train"] if kind == "jobs" else document
    written = again["jobs"]["train"] if kind == "jobs" else again["componentSpec"]
    assert found["partition_keys"] == ["Store", "Brand"]
    assert written["partition_keys"] == keys["partition_keys"]


def test_enumerations_are_matched_in_any_case():
    body = {"properties": {"jobType": "command", "command": "x", "inputs": {"d": {"jobInputType": "UriFile"}}}}

    answer = codec("jobs").to_arm(codec("jobs").from_arm(body))["properties"]

    assert (answer["jobType"], answer["inputs"]["d"]["jobInputType"]) == ("Command", "uri_file")


def test_name_version_and_creation_come_from_the_envelope():
    identifier = arm_id(Scope("s", "g", "w"), "models", "iris", "versions", "3")
    envelope = resource(
        id=identifier, name="3", type="t", properties={"modelUri": "u"}, created_at="2026-01-01", created_by="ada"
    )

    model = codec("models").from_arm(envelope)

    assert (model.name, model.version, model.creation_context.created_by) == ("iris", "3", "ada")
    assert codec("models").to_arm(model)["properties"]["flavors"] == {}


def test_an_asset_of_a_registry_keeps_the_id_it_has_there():
    body = {"id": "azureml://registries/team/models/iris/versions/3", "properties": {"modelUri": "https://x.test/a"}}

    found = codec("models").from_arm(body, name="iris", version="3")

    assert (found.id, found.name, found.version) == (body["id"], "iris", "3")


def test_secrets_stay_out_of_answers_but_can_be_listed():
    body = {
        "properties": {
            "datastoreType": "AzureBlob",
            "containerName": "c",
            "credentials": {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": "hush"}},
        }
    }

    store = codec("datastores").from_arm(body, name="abc")

    assert "hush" not in str(codec("datastores").to_arm(store))
    assert secrets_to_arm(store) == {"secretsType": "Sas", "sasToken": "hush"}


@pytest.mark.parametrize("body", [None, [], {}, {"properties": []}, {"properties": {"jobType": "Dance"}}])
def test_a_body_that_is_no_job_is_refused(body):
    with pytest.raises(InvalidRequest):
        codec("jobs").from_arm(body)


def test_ids_are_parsed_in_any_case_and_built_in_one():
    text = (
        "/SUBSCRIPTIONS/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w"
        "/onlineendpoints/e/deployments/blue"
    )

    found = parse_arm_id(text)

    assert (found.type, found.name, found.workspace) == ("onlineEndpoints", "e", "w")
    assert found.resource_type == "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
    assert str(found) == arm_id(Scope("s", "g", "w"), "onlineEndpoints", "e", "deployments", "blue")
    assert parse_arm_id("/subscriptions/s/elsewhere") is None


def test_a_schedule_that_sends_an_unset_setting_beside_a_job_names_the_job_alone():
    action = {"jobType": "Pipeline", "sourceJobId": "/subscriptions/s/jobs/j", "settings": {"force_rerun": None}}
    body = {
        "properties": {
            "trigger": {"triggerType": "Cron", "expression": "0 1 * * *"},
            "action": {"actionType": "CreateJob", "jobDefinition": action},
        }
    }

    schedule = codec("schedules").from_arm(body, name="abc")

    assert schedule.create_job == "/subscriptions/s/jobs/j"
