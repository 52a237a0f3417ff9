"""Parallel jobs over tables: rows as DataFrames, in pieces of a size or by key."""

from __future__ import annotations

import sys
import venv

import pytest
import yaml

COLUMNS = "def run(rows):\n    rows['sum'] = rows['a'] + rows['b']\n    return rows\n"
KEYS = (
    "def run(rows, mini_batch_context):\n"
    "    values = mini_batch_context.partition_key_value\n"
    "    return [f\"{values['store']} {values['brand']} {len(rows)}\"]\n"
)
READ = "paths:\n  - file: ./t_csv\ntransformations:\n  - read_delimited: {}\n".replace("t_csv", "t.csv")


@pytest.fixture
def numbers(table):
    table(READ, t_csv="a,b\n" + "".join(f"{each},{each}\n" for each in range(200)))


def test_rows_come_in_pieces_of_about_that_size_and_go_without_a_header(line, numbers):
    line.script(COLUMNS)

    code, said = line.run(is_table=True, concurrency=1, size=256, size_in_bytes=True)

    assert code == 0, said
    assert sorted(line.rows(), key=lambda row: int(row.split()[0])) == [f"{n} {n} {2 * n}" for n in range(200)]
    assert "Items: 200 processed" in said
    assert "Mini-batches: 1; " not in said


def test_a_table_whose_rows_depend_on_each_other_is_read_once(line, table):
    table(READ + "  - take: 10\n", t_csv="a,b\n" + "".join(f"{each},{each}\n" for each in range(200)))
    line.script(COLUMNS)

    code, said = line.run(is_table=True, concurrency=1, size=600, size_in_bytes=True)

    assert code == 0, said
    assert sorted(line.rows()) == sorted(f"{n} {n} {2 * n}" for n in range(10))


def test_rows_with_equal_keys_are_one_mini_batch(line, table):
    table(READ, t_csv="store,brand,a\n1,x,5\n2,x,6\n1,x,7\n1,y,8\n")
    line.script(KEYS)

    code, said = line.run(is_table=True, concurrency=1, partition_keys=["store", "brand"])

    assert code == 0, said
    assert sorted(line.rows()) == ["1 x 2", "1 y 1", "2 x 1"]


def test_files_with_equal_keys_in_their_paths_are_one_mini_batch(line, table):
    text = (
        "paths:\n  - pattern: ./**/*.csv\n"
        "transformations:\n  - extract_columns_from_partition_format: '{store}/{brand}/{name}.csv'\n"
    )
    table(text, s1__x__one_csv="1", s1__x__two_csv="2", s2__x__one_csv="3")
    line.script(KEYS)

    code, said = line.run(is_table=True, concurrency=1, partition_keys=["store", "brand"])

    assert code == 0, said
    assert sorted(line.rows()) == ["s1 x 2", "s2 x 1"]


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [
        (READ, {"partition_keys": ["nowhere"]}, r"partition_keys ['nowhere'] are no columns of the table"),
        ("paths: 3", {}, "`paths` is missing"),
    ],
)
def test_a_table_that_cannot_be_split_is_told(line, table, text, asked, told):
    table(text, t_csv="a\n1\n")

    code, said = line.run(is_table=True, concurrency=1, **asked)

    assert code == 1
    assert told in said


def test_a_package_that_is_missing_is_named(line, numbers, tmp_path):
    bare = tmp_path / "bare"
    venv.create(bare)
    line.python = str(bare / "bin" / "python")

    code, said = line.run(
        is_table=True, concurrency=1, yaml=yaml.__path__[0], max_retries=0, mini_batch_error_threshold=0
    )

    assert code == 1
    assert "needs the package 'pandas'" in said
    assert sys.executable not in said


def test_a_restart_does_not_repeat_rows(line, table):
    table(READ + "  - take: 100\n", t_csv="a,b\n" + "".join(f"{each},{each}\n" for each in range(200)))
    line.script(
        "import time\n\ndef run(rows):\n    open('begun', 'a').write('x')\n    time.sleep(0.05)\n    return rows\n"
    )
    process = line.start(is_table=True, concurrency=1, size=50, size_in_bytes=True)
    line.wait_for(line.code / "begun")

    line.kill("drive")

    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert sorted(line.rows()) == sorted(f"{n} {n}" for n in range(100))
