import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalt.errors import InvalidRequest
from smalt.wire import references
from smalt.wire.references import (
    AssetReference,
    Binding,
    DatastorePath,
    JobOutput,
    LocalPath,
    RemoteUrl,
    RunArtifact,
    WorkspaceName,
)

ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
W = WorkspaceName("w", "g", "s")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("azureml:iris:1", AssetReference("iris", "1")),
        ("azureml:iris@latest", AssetReference("iris", label="latest")),
        ("azureml:cpu-cluster", AssetReference("cpu-cluster")),
        (f"azureml:{ARM}/models/m/versions/3", AssetReference("m", "3", kind="models", workspace=W)),
        (f"{ARM}/computes/cpu", AssetReference("cpu", kind="computes", workspace=W)),
        (
            "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
            AssetReference("sklearn-1.5", label="latest", kind="environments", registry="azureml"),
        ),
        ("azureml://data/d/versions/2", AssetReference("d", "2", kind="data")),
        (
            "azureml://subscriptions/s/resourcegroups/g/workspaces/w/data/d/versions/2",
            AssetReference("d", "2", kind="data", workspace=W),
        ),
        (
            "azureml://locations/x/workspaces/guid/data/d/versions/2",
            AssetReference("d", "2", kind="data", workspace=WorkspaceName("guid")),
        ),
        ("azureml://datastores/blob/paths/a//./b.csv", DatastorePath("blob", "a/b.csv")),
        (
            "azureml://subscriptions/s/resourceGroups/g/workspaces/w/datastores/blob/paths/a/",
            DatastorePath("blob", "a/", W),
        ),
        ("azureml://datastores/blob/no-paths-word", DatastorePath("blob", "no-paths-word")),
        ("azureml://jobs/j/outputs/artifacts/paths/outputs/m", JobOutput("j", "artifacts", "outputs/m")),
        ("azureml://jobs/j/outputs/default", JobOutput("j", "default")),
        ("runs:/j/model", RunArtifact("j", "model")),
        ("file:./x.yml", LocalPath("./x.yml")),
        ("file:///tmp/x", LocalPath("/tmp/x")),
        ("./src", LocalPath("./src")),
        ("https://h/x?a=b", RemoteUrl("https", "https://h/x?a=b")),
        ("wasbs://c@a.blob.core.windows.net/p", RemoteUrl("wasbs", "wasbs://c@a.blob.core.windows.net/p")),
        ("git+https://h/x", RemoteUrl("git+https", "git+https://h/x")),
        ("${{parent.inputs.x}}", Binding("${{parent.inputs.x}}")),
    ],
)
def test_every_form_is_read_and_written(text, reference):
    assert references.parse(text) == reference
    assert references.parse(references.format(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "azureml://datastores/blob/paths/a/../../b",
        "azureml://datastores/blob/paths/a\\..\\b",
        "azureml://datastores/../paths/b",
        "azureml://jobs/../outputs/x/paths/b",
        "azureml://jobs/j/outputs/x/paths/..",
        "runs:/../model",
        "runs:/j/../../x",
        "azureml:iris:..",
        "azureml:a\0b",
        "azureml://nothing",
        "azureml:",
        " ",
    ],
)
def test_forms_that_mislead_are_refused(text):
    with pytest.raises(InvalidRequest):
        references.parse(text)


@given(st.text(max_size=40))
def test_a_datastore_path_never_leaves_its_root(path):
    try:
        key = references.clean_key(path)
    except InvalidRequest:
        return

    assert not key.startswith("/")
    assert not {"..", ""} & set(key.rstrip("/").split("/")[:-1])


def test_an_asset_may_be_named_without_prefix_where_only_an_asset_fits():
    assert references.parse_asset("cpu-cluster", "computes") == AssetReference("cpu-cluster")
    with pytest.raises(InvalidRequest, match="computes"):
        references.parse_asset(f"{ARM}/models/m", "computes")
