from smalt.environments import EnvironmentRequest, plan
from smalt.server.jobs.software import from_document, to_document


def test_a_recipe_for_a_conda_program_is_kept_with_the_job_and_comes_back():
    conda = {"channels": ["conda-forge"], "dependencies": ["python=3.10", "ffmpeg", {"pip": ["tiny==1.0"]}]}
    recipe = plan(EnvironmentRequest(conda=conda), conda="micromamba")

    kept = to_document(recipe)

    assert kept["conda"] == {"channels": ("conda-forge",), "specs": ("python=3.10", "ffmpeg")}
    assert from_document(kept) == recipe
    assert from_document(kept).key != from_document({**kept, "conda": None}).key


def test_an_environment_that_a_registry_builds_from_a_dockerfile_is_that_of_a_job(room):
    client, subscription = room._client, room.scope.partition("/resourceGroups")[0]
    registry = f"{subscription}/resourceGroups/smalt/providers/Microsoft.MachineLearningServices/registries/shared"
    client.put(registry, json={"location": "local", "properties": {}})
    version = f"{registry}/environments/built/versions/1"
    slot = client.post(f"{version}/startPendingUpload", json={"pendingUploadType": "TemporaryBlobReference"}).json()
    place = slot["blobReferenceForConsumption"]["credential"]["sasUri"].replace("?", "/context/Dockerfile?")
    client.put(place, content=b"FROM python:3.11\nRUN pip install six\n", headers={"x-ms-blob-type": "BlockBlob"})
    context = slot["blobReferenceForConsumption"]["blobUri"] + "/context"
    client.put(version, json={"properties": {"build": {"contextUri": context, "dockerfilePath": "Dockerfile"}}})

    job = {
        "jobType": "Command",
        "command": "true",
        "environmentId": "azureml://registries/shared/environments/built/versions/1",
    }

    made = room.call("PUT", "/jobs/j", {"properties": job}, status=201)
    assert made["properties"]["environmentId"].endswith("/environments/built/versions/1")
