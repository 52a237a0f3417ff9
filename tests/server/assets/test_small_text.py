"""Small files of assets are read inside their folder, wherever names and links lead."""

from __future__ import annotations

import pytest

from smalt.errors import InvalidRequest
from smalt.server.assets import Location, small_text


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "flow.dag.yaml").write_text("nodes: []")
    (tmp_path / "secret").write_text("of the server")
    (folder / "link").symlink_to(tmp_path / "secret")
    return Location("models", "m", folder, "azureml:m:1")


def test_a_file_is_read(place):
    assert small_text(place, "flow.dag.yaml") == "nodes: []"
    assert small_text(place, "other") is None


def test_a_link_that_leads_out_is_not_followed(place):
    assert small_text(place, "link") is None


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", "", "a\0b"])
def test_a_name_that_leads_out_is_refused(place, name):
    with pytest.raises(InvalidRequest):
        small_text(place, name)
