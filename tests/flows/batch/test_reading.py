"""Data files of a batch."""

from __future__ import annotations

import pytest

from smalt.errors import InvalidRequest, NotFound
from smalt.flows.batch.reading import read


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("a.csv", 'x,y\n1,"a, b"\n2,\n', [{"x": "1", "y": "a, b"}, {"x": "2", "y": ""}]),
        ("a.tsv", "x\ty\n1\tb\n", [{"x": "1", "y": "b"}]),
        ("a.jsonl", '{"x": 1}\n\n{"x": null}\n', [{"x": 1}, {"x": None}]),
        ("a.json", '[{"x": 1}]', [{"x": 1}]),
        ("a.json", '{"x": [1, 2], "y": [3, 4]}', [{"x": 1, "y": 3}, {"x": 2, "y": 4}]),
        ("a.txt", '{"x": 1}', [{"x": 1}]),
        ("empty.csv", "", []),
    ],
)
def test_each_form_gives_rows_as_they_stand(tmp_path, name, text, rows):
    (tmp_path / name).write_text(text)

    assert read(tmp_path / name) == rows


def test_parquet_is_read(tmp_path):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"x": [1, 2]}), tmp_path / "a.parquet")

    assert read(tmp_path / "a.parquet") == [{"x": 1}, {"x": 2}]


def test_a_folder_is_read_file_by_file_and_what_is_no_data_is_left_out(tmp_path):
    (tmp_path / "b.jsonl").write_text('{"x": 2}\n')
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "readme.md").write_text("not data")

    assert read(tmp_path) == [{"x": "1"}, {"x": 2}]


def test_paths_of_images_are_taken_from_the_folder_of_the_data(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"q": [{"data:image/png;path": "logo.png"}], "s": "logo.png"}\n')

    row = read(tmp_path / "a.jsonl")[0]

    assert row == {"q": [{"data:image/png;path": str(tmp_path / "logo.png")}], "s": "logo.png"}


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n{"x": \n')

    with pytest.raises(InvalidRequest, match="line 2"):
        read(tmp_path / "a.jsonl")


def test_data_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"nothing\.jsonl"):
        read(tmp_path / "nothing.jsonl")
