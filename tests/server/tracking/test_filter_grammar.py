"""The filter grammar: what it reads, what it refuses, and that nothing makes it crash."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalt.server.tracking.errors import InvalidParameter
from smalt.server.tracking.search import RUNS, VERSIONS, Comparison, Kind, Order, parse_filter, parse_order

KEYS = st.text(st.characters(blacklist_characters="`\x00", blacklist_categories=["Cs"]), min_size=1, max_size=30)
TEXTS = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=30)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("metrics.loss < 0.5", Comparison(Kind.METRIC, "loss", "<", 0.5)),
        ("metric.`a b/c` >= -1e3", Comparison(Kind.METRIC, "a b/c", ">=", -1000.0)),
        ("params.\"x.y\" = '1'", Comparison(Kind.PARAM, "x.y", "=", "1")),
        ("tags.mlflow.source.type ilike '%job%'", Comparison(Kind.TAG, "mlflow.source.type", "ILIKE", "%job%")),
        ('tag.team = "it\'s"', Comparison(Kind.TAG, "team", "=", "it's")),
        ("status != 'FAILED'", Comparison(Kind.ATTRIBUTE, "status", "!=", "FAILED")),
        ("attributes.`Run name` = 'a'", Comparison(Kind.ATTRIBUTE, "run_name", "=", "a")),
        ("attr.start_time > 17", Comparison(Kind.ATTRIBUTE, "start_time", ">", 17)),
        ("run_id IN ('a', 'b')", Comparison(Kind.ATTRIBUTE, "run_id", "IN", ("a", "b"))),
        ("dataset.name not in ('a')", Comparison(Kind.DATASET, "name", "NOT IN", ("a",))),
        ("params.x IS NOT NULL", Comparison(Kind.PARAM, "x", "IS NOT NULL", None)),
    ],
)
def test_a_clause_is_read(text, clause):
    assert parse_filter(text, RUNS) == [clause]


def test_clauses_are_joined_by_and_in_any_case():
    found = parse_filter("metrics.a > 1 and params.b = 'x' AND tags.c LIKE 'y%'", RUNS)

    assert [clause.key for clause in found] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a >",
        "metrics.a > 'text'",
        "params.a = 1",
        "params.a > '1'",
        "metrics.a LIKE 'x'",
        "metrics.a > 1 OR metrics.b > 1",
        "metrics.a > 1 metrics.b > 1",
        "metrics.a > 1 AND",
        "colour.a = 'x'",
        "attributes.colour = 'x'",
        "status IN ()",
        "run_id IN ('a' 'b')",
        "metrics.a > 1; DROP TABLE runs",
        "metrics.a = 1 -- x",
        "metrics.a IS NULL",
        "start_time > 99999999999999999999",
        "tags.a = 'x\x00'",
    ],
)
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(InvalidParameter):
        parse_filter(text, RUNS)


@given(key=KEYS, value=TEXTS)
def test_any_quoted_key_and_text_comes_back(key, value):
    quoted = value.replace("'", "''")

    assert parse_filter(f"tags.`{key}` = '{quoted}'", RUNS) == [Comparison(Kind.TAG, key, "=", value)]


@given(value=NUMBERS)
def test_any_number_comes_back(value):
    assert parse_filter(f"metrics.m = {value!r}", RUNS)[0].value == value


@given(text=st.text(max_size=80))
def test_no_text_does_anything_but_parse_or_be_refused(text):
    for noun in (RUNS, VERSIONS):
        with contextlib.suppress(InvalidParameter):
            parse_filter(text, noun)
        with contextlib.suppress(InvalidParameter):
            parse_order([text], noun)


def test_orders_are_read_and_doubles_refused():
    found = parse_order(["metrics.`a b` DESC", "start_time", "params.x asc"], RUNS)

    assert found == [
        Order(Kind.METRIC, "a b", False),
        Order(Kind.ATTRIBUTE, "start_time", True),
        Order(Kind.PARAM, "x", True),
    ]
    with pytest.raises(InvalidParameter, match="duplicate"):
        parse_order(["created", "start_time DESC"], RUNS)
