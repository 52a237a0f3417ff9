"""What a signal has left is read as data that anybody may have written."""

from __future__ import annotations

import json

import pytest

from smalt.server.assets import Location
from smalt.server.monitoring import reading


def place(folder):
    return Location("", "", folder, "azureml://datastores/x/paths/y/")


@pytest.mark.parametrize("written", ["[" * 99999, "[]", "{", '{"metrics": 7}', ""])
def test_what_is_no_result_is_none(tmp_path, written):
    (tmp_path / "signal.json").write_text(written)

    assert reading.read(place(tmp_path)) is None


def test_values_of_other_types_and_lengths_are_cut_to_what_is_kept(tmp_path):
    rows = [{"metric": "m" * 999, "value": 1e999, "feature": {"a": []}, "breached": "yes"}, 7, {"value": 3}]
    written = {"metrics": rows, "notes": ["n" * 9999] * 99, "production_rows": -4, "features": "f"}
    (tmp_path / "signal.json").write_text(json.dumps(written))

    found = reading.read(place(tmp_path))

    assert found is not None
    assert [(len(metric), value, is_breached) for _, metric, value, _, is_breached in found.rows] == [
        (128, None, False)
    ]
    assert (len(found.facts["notes"]), len(found.facts["notes"][0])) == (50, 500)
    assert (found.facts["production_rows"], found.facts["histograms"]) == (0, [])


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path):
    (tmp_path / "secret.json").write_text('{"metrics": [{"metric": "stolen", "value": 1}]}')
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "signal.json").symlink_to(tmp_path / "secret.json")

    assert reading.read(place(folder)) is None
