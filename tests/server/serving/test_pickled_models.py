"""Models with pickles: what they hold stands on their versions, and a workspace says which of them it serves."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy
import pytest

from smalt.kit import clock


class Harmful:
    def __reduce__(self):
        return os.system, ("true",)


def archive(content: bytes) -> bytes:
    """As torch keeps its models."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", content)
        made.writestr("archive/data/0", b"\0" * 100)
    return file.getvalue()


def array(*values: object) -> bytes:
    file = io.BytesIO()
    numpy.save(file, numpy.array(values, dtype=object if None in values else None))
    return file.getvalue()


def register(place, name: str, **files: bytes) -> str:
    """The id of a registered model with these files, whose `_` are dots."""
    slot = place.call("POST", f"/models/{name}/versions/1/startPendingUpload", {"pendingUploadType": "None"})
    place_of = slot["blobReferenceForConsumption"]
    path, _, query = place_of["credential"]["sasUri"].partition("?")
    for file, content in files.items():
        url = f"/{path.split('/', 3)[3]}/m/{file.replace('_', '.')}?{query}"
        assert place.client.put(url, content=content, headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201
    body = {"properties": {"modelUri": f"{place_of['blobUri']}/m", "modelType": "custom_model"}}
    return place.call("PUT", f"/models/{name}/versions/1", body)["id"]


def policy(place, word: str | None) -> None:
    place.call("PATCH", "", {"properties": {"pickledModels": word}})


def deploy(place, model: str) -> tuple[int, str]:
    """Whether a deployment is taken, and what is told when it is not."""
    body = {
        "location": "local",
        "properties": {
            "endpointComputeType": "Managed",
            "codeConfiguration": {"codeId": place.code(), "scoringScript": "score.py"},
            "environmentId": f"{place.scope}/environments/plain/versions/1",
            "model": model,
        },
    }
    answer = place.client.put(f"{place.scope}/onlineEndpoints/ep/deployments/blue", json=body)
    return answer.status_code, answer.text


PLAIN = pickle.dumps(OrderedDict(a=1))
BAD = pickle.dumps([Harmful()])


@pytest.fixture
def scanned(place):
    """What a model of these files is told to hold, once the loop has looked."""
    (loop,) = [each for each in place.server.worker.loops if each.name == "scans"]

    def scan(name: str, **files: bytes) -> dict[str, str]:
        register(place, name, **files)
        while loop.run_once(clock.now()):
            pass
        return place.call("GET", f"/models/{name}/versions/1")["properties"]["properties"]

    return scan


def test_what_a_model_holds_is_told_with_its_version(scanned):
    assert scanned("onnx", model_onnx=b"\x08\x07", notes_txt=b"text") == {"smalt.pickle": "none"}
    assert scanned("plain", model_pkl=PLAIN) == {"smalt.pickle": "pickle", "smalt.pickle.found": "model.pkl"}
    assert scanned("torch", model_pt=archive(PLAIN))["smalt.pickle"] == "pickle"
    assert scanned("numbers", x_npy=array(1, 2))["smalt.pickle"] == "none"
    assert scanned("cut", model_pkl=PLAIN[:-1])["smalt.pickle"] == "unreadable"
    assert scanned("packed", model_joblib=b"\x78\x9c rest")["smalt.pickle"] == "unreadable"


@pytest.mark.parametrize(
    "files",
    [{"model_pkl": BAD}, {"weights": BAD}, {"a_pt": archive(BAD)}, {"x_npy": array(Harmful(), None)},
     {"z_zip": archive(archive(BAD))}, {"model_pkl": b"cposix\nsystem\n(S'true'\ntR."}],
)  # fmt: skip
def test_what_would_harm_is_flagged_wherever_it_stands(scanned, files):
    told = scanned("bad", **files, more_pkl=PLAIN)

    assert told["smalt.pickle"] == "flagged"
    assert "would import posix.system" in told["smalt.pickle.found"]


def test_code_that_a_pickle_brings_along_is_flagged(scanned):
    told = scanned("code", model_pkl=b"ccloudpickle.cloudpickle\n_make_function\n.")

    assert told["smalt.pickle.found"] == "model.pkl would import cloudpickle.cloudpickle._make_function"


def test_nobody_can_write_what_was_found(place, scanned):
    scanned("bad", model_pkl=BAD)
    held = place.call("GET", "/models/bad/versions/1")
    held["properties"]["properties"] = {"smalt.pickle": "none", "own": "kept"}

    shown = place.call("PUT", "/models/bad/versions/1", held)["properties"]["properties"]

    assert (shown["smalt.pickle"], shown["own"]) == ("flagged", "kept")


@pytest.mark.parametrize(
    ("word", "served"),
    [(None, {"none", "plain", "bad"}), ("allow", {"none", "plain", "bad"}), ("refuse_flagged", {"none", "plain"}),
     ("refuse", {"none"})],
)  # fmt: skip
def test_a_workspace_serves_what_its_policy_allows(place, word, served):
    place.endpoint()
    place.call("PUT", "/environments/plain/versions/1", {"properties": {"image": "python"}})
    models = {
        "none": register(place, "none", model_onnx=b"\x08"),
        "plain": register(place, "plain", model_pkl=PLAIN),
        "bad": register(place, "bad", model_pkl=BAD),
    }
    policy(place, word)

    told = {name: deploy(place, model) for name, model in models.items()}

    assert {name for name, (status, _) in told.items() if status < 300} == served
    assert {status for status, _ in told.values()} <= {200, 201, 400}
    if word == "refuse_flagged":
        assert "model.pkl would import posix.system" in told["bad"][1]
    assert place.call("GET", "")["properties"].get("pickledModels") == word
