"""MLTable files: paths, readers and steps, whole and in pieces."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from smalt.runtime.tables import Places, Table, TableError, open_table

CITIES = "city,people,founded,capital\nOslo,709000,1040-01-01,true\nBergen,291000,1070-01-01,false\n,5,,false\n"


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Table]:
    """Opens a table of the given text over the given files."""

    def make(text: str, files: dict[str, str | bytes], places: Places | None = None) -> Table:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "MLTable").write_text(text)
        return open_table(str(tmp_path), places=places)

    return make


def table_of(*steps: str, path: str = "file: ./a.csv") -> str:
    return "\n".join([f"paths:\n  - {path}", "transformations:", *(f"  - {step}" for step in steps)])


def test_columns_have_the_types_their_values_show(made):
    frame = made(table_of("read_delimited: {}"), {"a.csv": CITIES}).frame()

    assert frame["people"].tolist() == [709000, 291000, 5]
    assert frame["capital"].tolist() == [True, False, False]
    assert frame["founded"].iloc[0].year == 1040
    assert frame["city"].isna().tolist() == [False, False, True]


def test_pieces_of_a_file_are_all_its_rows_once(made):
    text = "a,b\n" + "".join(f"{number},word {number}\n" for number in range(500))
    table = made(table_of("read_delimited: {}"), {"a.csv": text})

    frames = [table.load(piece) for piece in table.pieces(700)]

    assert len(frames) > 5
    assert pd.concat(frames)["a"].tolist() == list(range(500))


def test_all_pieces_agree_on_types(made):
    text = "a\n" + "1\n" * 300 + "x\n" + "2\n" * 300
    table = made(table_of("read_delimited: {}"), {"a.csv": text})

    frames = [table.load(piece) for piece in table.pieces(50)]

    assert all(frame["a"].dtype.kind in "if" for frame in frames)
    assert pd.concat(frames)["a"].isna().sum() == 1


@pytest.mark.parametrize(
    ("header", "second", "columns", "values"),
    [
        ("all_files_same_headers", "a,b\n3,4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("from_first_file", "3,4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("all_files_different_headers", "b,a\n4,3\n", ["a", "b"], [[1, 2], [3, 4]]),
    ],
)
def test_headers_are_where_the_table_says(made, header, second, columns, values):
    files = {"1.csv": "a,b\n1,2\n", "2.csv": second}
    frame = made(table_of(f"read_delimited: {{header: {header}}}", path="pattern: ./*.csv"), files).frame()

    assert frame[columns].to_numpy().tolist() == values


def test_without_a_header_columns_are_numbered(made):
    frame = made(table_of("read_delimited: {header: no_header, delimiter: '\\t'}"), {"a.csv": "1\t2\n3\t4\n"}).frame()

    assert frame.to_dict("list") == {"Column1": [1, 3], "Column2": [2, 4]}


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf8", "utf-8"),
        ("utf8bom", "utf-8-sig"),
        ("latin1", "latin-1"),
        ("iso88591", "latin-1"),
        ("windows1252", "cp1252"),
        ("utf16", "utf-16"),
        ("utf32", "utf-32"),
    ],
)
def test_text_may_have_other_encodings(made, encoding, codec):
    content = "næme,b\nø,1\nå,2\n".encode(codec)
    table = made(table_of(f"read_delimited: {{encoding: {encoding}}}"), {"a.csv": content})

    assert table.frame().to_dict("list") == {"næme": ["ø", "å"], "b": [1, 2]}


def test_a_wrong_encoding_is_told(made):
    table = made(table_of("read_delimited: {encoding: ascii}"), {"a.csv": "a\nø\n"})

    with pytest.raises(TableError, match=r"a\.csv is not ascii"):
        table.frame()


def test_values_may_hold_lines_and_empty_ones_may_be_text(made):
    text = table_of("read_delimited: {support_multi_line: true, empty_as_string: true}")
    frame = made(text, {"a.csv": 'a,b\n"one\ntwo",\n'}).frame()

    assert frame.to_dict("list") == {"a": ["one\ntwo"], "b": [""]}


def test_columns_are_kept_dropped_converted_and_filtered(made):
    frame = made(
        table_of(
            "read_delimited: {infer_column_types: false}",
            "convert_column_types: [{columns: people, column_type: int}, {columns: founded, column_type: "
            "{datetime: {formats: ['%Y-%m-%d']}}}, {columns: capital, column_type: {boolean: {true_values: ['true'], "
            "false_values: ['false']}}}]",
            'filter: \'col("people") > 10 and not (col("city") == "Bergen")\'',
            "keep_columns: [city, people, capital]",
            "drop_columns: capital",
        ),
        {"a.csv": CITIES},
    ).frame()

    assert frame.to_dict("records") == [{"city": "Oslo", "people": 709000}]


def test_rows_are_skipped_taken_and_sampled_the_same_each_time(made):
    text = "a\n" + "".join(f"{number}\n" for number in range(100))
    steps = ("read_delimited: {}", "skip: 10", "take: 50", "take_random_sample: {probability: 0.3, seed: 5}")
    table = made(table_of(*steps), {"a.csv": text})

    rows = table.frame()["a"].tolist()

    assert rows == made(table_of(*steps), {}).frame()["a"].tolist()
    assert 5 < len(rows) < 30
    assert min(rows) >= 10
    assert max(rows) < 60
    assert not table.is_divisible


def test_columns_may_stand_in_paths(made):
    text = table_of(
        "read_delimited: {include_path_column: true}",
        "extract_columns_from_partition_format: '{store}/{day:yyyy-MM-dd}/{file}.csv'",
        path="pattern: ./**/*.csv",
    )
    frame = made(text, {"s1/2024-05-06/x.csv": "a\n1\n", "s2/2024-05-07/x.csv": "a\n2\n"}).frame()

    assert frame["store"].tolist() == ["s1", "s2"]
    assert [day.day for day in frame["day"]] == [6, 7]
    assert frame["Path"].tolist() == ["s1/2024-05-06/x.csv", "s2/2024-05-07/x.csv"]


def test_json_lines_may_be_dropped_where_they_are_none(made):
    text = '{"a": 1}\nnonsense\n{"a": 2, "b": "x"}\n'

    kept = made(table_of("read_json_lines: {invalid_lines: drop}"), {"a.csv": text}).frame()

    assert kept["a"].tolist() == [1, 2]
    with pytest.raises(TableError, match="no JSON object: 'nonsense'"):
        made(table_of("read_json_lines: {}"), {}).frame()


def test_parquet_is_read_by_row_groups(made, tmp_path):
    pd.DataFrame({"a": range(100)}).to_parquet(tmp_path / "a.parquet", row_group_size=10)
    table = made(table_of("read_parquet", path="file: ./a.parquet"), {})

    pieces = list(table.pieces(1))

    assert len(pieces) == 10
    assert table.load(pieces[3])["a"].tolist() == list(range(30, 40))


def test_text_is_read_line_by_line(made):
    assert made(table_of("read_text: {}"), {"a.csv": "one\ntwo\n"}).frame().to_dict("list") == {"Text": ["one", "two"]}


def test_a_table_without_a_reader_is_a_list_of_files(made):
    text = table_of("take: 2", path="folder: ./images")
    table = made(text, {f"images/{name}.png": "" for name in "cab"})

    assert not table.has_rows
    assert [Path(row.source.path).name for row in table.paths()] == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("./*.csv", ["a.csv", "b1.csv"]),
        ("./**/*.csv", ["a.csv", "b1.csv", "x/c.csv", "x/y/d.csv"]),
        ("./x/**", ["x/c.csv", "x/y/d.csv"]),
        ("./b?.csv", ["b1.csv"]),
        ("./[ab]*.csv", ["a.csv", "b1.csv"]),
        ("./[a-a].csv", ["a.csv"]),
        ("x/*/d.csv", ["x/y/d.csv"]),
    ],
)
def test_patterns_match_as_globs_do(made, pattern, found):
    files = dict.fromkeys(("a.csv", "b1.csv", "x/c.csv", "x/y/d.csv", "e.txt"), "a\n1\n")
    table = made(table_of("read_delimited: {}", path=f"pattern: '{pattern}'"), files)

    assert sorted(source.shown for source in table.sources) == [each for each in found if not each.endswith("txt")]


def test_files_may_be_fetched_from_the_web(made, tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "far.csv").write_text("a\n7\n")
    handler = partial(type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None}), directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/web/far.csv"
        table = made(table_of("read_delimited: {}", path=f"file: {url}"), {})
        server.shutdown()
        thread.join()

    assert table.frame()["a"].tolist() == [7]


def test_uris_lead_where_the_job_was_told(made, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a.csv").write_text("a\n3\n")
    uri = "azureml://datastores/d/paths/x"
    places = Places({uri: str(tmp_path / "store")})

    table = made(table_of("read_delimited: {}", path=f"file: {uri}/a.csv"), {}, places)

    assert table.frame()["a"].tolist() == [3]
    with pytest.raises(TableError, match="no way to"):
        made(table_of("read_delimited: {}", path="file: azureml://datastores/other/paths/a.csv"), {}, places)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type: mltable", "`paths` is missing"),
        ("paths: [{file: a, folder: b}, 3]", "Write one of file, folder and pattern"),
        (table_of("dance: 3"), "'dance' is not read here"),
        (table_of("read_delta_lake: {version_as_of: 1}"), "Write the rows as parquet"),
        (table_of("read_delimited: {}", "read_parquet"), "More than one reader"),
        ("paths: [\n", "is no YAML"),
        ("just text", "is no mapping"),
        (table_of("read_delimited: {}", path="file: ./missing.csv"), "leads to no file"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(made, text, told):
    with pytest.raises(TableError, match=told):
        made(text, {})


def test_all_mistakes_are_told_at_once(made):
    with pytest.raises(TableError) as failure:
        made("paths: [3]\ntransformations: [dance, {sing: 1}]", {})

    assert str(failure.value).count("\n  ") == 3


@pytest.mark.parametrize(
    "condition",
    [
        "__import__('os')",
        'col("a").b',
        "col('missing') > 1",
        "lambda: 1",
        "col('a') in [1]",
        "open('x')",
        "1 +",
        "a > 1",
    ],
)
def test_a_filter_is_never_evaluated(made, condition):
    table = made(
        table_of("read_delimited: {}", f'filter: "{condition}"'.replace('col("a")', "col('a')")), {"a.csv": "a\n1\n"}
    )

    with pytest.raises(TableError, match="filter"):
        table.frame()
