from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

import smalt.flows
from smalt.flows import errors
from smalt.flows.values.fetch import Refused, fetch
from smalt.flows.values.images import Format, Image
from tests.flows.writing import TOOL, dag, line, python_node

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 16
TEXT = base64.b64encode(PNG).decode()


def _flow(folder: Path, kind: str = "image", **more: Any) -> Path:
    tool = "from promptflow.contracts.multimedia import Image\n" + TOOL + (
        "def same(image):\n    first = image[0] if isinstance(image, list) else image\n"
        "    assert isinstance(first, Image)\n    return {'picture': image}\n"
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logo.png").write_bytes(PNG)
    node = python_node("same", "same.py", image="${inputs.image}")
    return dag(folder, [node], {"same.py": tool}, inputs={"image": kind}, outputs={"o": "${same.output}"}, **more)


@pytest.mark.parametrize(
    "given",
    [
        {"data:image/png;path": "logo.png"},
        {"data:image/png;base64": TEXT},
        {"data:image/png;base64": f"data:image/png;base64,{TEXT}"},
        TEXT,
        "logo.png",
    ],
)
def test_an_image_is_loaded_from_whatever_way_it_is_written(tmp_path: Path, given: Any) -> None:
    found = line(_flow(tmp_path), image=given).output["o"]["picture"]

    assert bytes(found) == PNG
    assert found.mime_type == "image/png"


def test_images_inside_lists_are_found_and_the_openai_format_is_read(tmp_path: Path) -> None:
    file = {"type": "image_file", "image_file": {"path": "logo.png"}}
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{TEXT}"}}

    result = line(_flow(tmp_path, "list", message_format="openai-vision"), image=[file, url])

    assert [bytes(image) for image in result.output["o"]["picture"]] == [PNG, PNG]


def test_outputs_become_references_to_files(tmp_path: Path) -> None:
    with smalt.flows.load(_flow(tmp_path / "flow")) as flow:
        output = line(flow, image="logo.png").output
        written = flow.images.persist(output, tmp_path / "out", Path("images"))  # type: ignore[attr-defined]

    ((key, path),) = written["o"]["picture"].items()
    assert key == "data:image/png;path"
    assert (tmp_path / "out" / path).read_bytes() == PNG


def test_answers_over_http_have_images_inline(tmp_path: Path) -> None:
    assert Format("basic", tmp_path).inlined([Image(PNG)]) == [{"data:image/png;base64": TEXT}]


@pytest.mark.parametrize("given", ["", 7, {"png": "x"}, {"data:image/png;path": "gone.png"}])
def test_what_is_no_image_fails_the_line_and_names_the_input(tmp_path: Path, given: Any) -> None:
    error = line(_flow(tmp_path), image=given).error

    assert error is not None
    assert error.type == "LoadMultimediaDataError"
    assert "'image'" in error.message


def test_an_unknown_message_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidMessageFormatType, match="openai-vision"):
        smalt.flows.load(_flow(tmp_path, message_format="bmp"))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x.png", "http://localhost/x.png", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_addresses_of_this_machine_and_its_network_are_not_fetched(url: str) -> None:
    with pytest.raises(Refused):
        fetch(url, 10, 1)
