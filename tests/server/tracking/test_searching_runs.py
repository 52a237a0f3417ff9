"""Searches over runs, on both databases: filters, orders and pages."""

from __future__ import annotations

import pytest


@pytest.fixture
def runs(ask, new_run):
    """Five runs named a to e, oldest first; `e` has NaN for its loss, `d` has none."""
    table = (
        ("a", 0.5, "x", "Red"),
        ("b", 0.1, "y", "red"),
        ("c", 0.9, "x", None),
        ("d", None, "y", "re_d"),
        ("e", "NaN", "z", "%"),
    )
    found = {}
    for at, (name, loss, kind, colour) in enumerate(table):
        run = found[name] = new_run(run_name=name, start_time=1000 + at)
        metrics = [{"key": "score", "value": at, "timestamp": 1}]
        if loss is not None:
            metrics.append({"key": "loss", "value": loss, "timestamp": 1})
        tags = [{"key": "colour", "value": colour}] if colour is not None else []
        params = [{"key": "kind", "value": kind}]
        ask("POST", "/runs/log-batch", {"run_id": run, "metrics": metrics, "params": params, "tags": tags})
    return found


@pytest.fixture
def names(ask, runs):
    def search(filter_text="", *order_by, **further):
        wanted = {"experiment_ids": ["0"], "filter": filter_text, "order_by": list(order_by), **further}
        return [run["info"]["run_name"] for run in ask("POST", "/runs/search", wanted)["runs"]]

    return search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "edcba"),
        ("metrics.loss < 0.6", "ba"),
        ("metrics.loss != 0.5", "cb"),
        ("metrics.unheard > 1", ""),
        ("metrics.loss < 0.95 and metrics.score >= 1", "cb"),
        ("params.kind = 'x'", "ca"),
        ("params.kind != 'x'", "edb"),
        ("tags.colour LIKE 're%'", "db"),
        ("tags.colour ILIKE 're%'", "dba"),
        ("tags.colour LIKE 're_'", "b"),
        ("tags.colour = '%'", "e"),
        ("tags.colour IS NULL", "c"),
        ("tags.colour IS NOT NULL", "edba"),
        ("attributes.start_time >= 1003", "ed"),
        ("run_name LIKE '[ab]'", ""),
        ("status = 'RUNNING' and run_name != 'a'", "edcb"),
    ],
)
def test_filters(names, text, expected):
    assert "".join(names(text)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.loss"], "baced"),
        (["metrics.loss DESC"], "cabed"),
        (["params.kind", "metrics.score DESC"], "cadbe"),
        (["params.kind DESC"], "edbca"),
        (["start_time ASC"], "abcde"),
        (["tags.colour DESC", "start_time ASC"], None),
    ],
)
def test_orders_put_nan_and_missing_values_last(names, order, expected):
    found = "".join(names("", *order))

    if expected is None:
        assert found.endswith("c")
    else:
        assert found == expected


def test_a_page_that_the_metric_alone_would_not_fill_goes_on_with_the_rest(names):
    assert "".join(names("", "metrics.loss", max_results=2)) == "ba"
    assert "".join(names("", "metrics.loss", max_results=4)) == "bace"


def test_pages_follow_each_other(ask, runs):
    wanted = {"experiment_ids": ["0"], "order_by": ["metrics.score"], "max_results": 2}
    seen, token = [], ""
    while True:
        page = ask("POST", "/runs/search", {**wanted, "page_token": token})
        seen += [run["info"]["run_name"] for run in page["runs"]]
        token = page.get("next_page_token")
        if token is None:
            break

    assert seen == ["a", "b", "c", "d", "e"]


def test_runs_are_found_by_id(names, runs):
    assert names(f"run_id IN ('{runs['b']}', '{runs['d']}')") == ["d", "b"]


def test_a_token_or_view_of_another_make_is_refused(ask, runs):
    for wanted in ({"page_token": "x!"}, {"page_token": "bnVsbA"}, {"run_view_type": "SOME"}, {"max_results": 50_001}):
        ask("POST", "/runs/search", {"experiment_ids": ["0"], **wanted}, status=400)


def test_experiments_are_made_found_renamed_tagged_and_deleted(ask):
    made = ask("POST", "/experiments/create", {"name": "Träume", "tags": [{"key": "k", "value": "v"}]})
    wanted = {"experiment_id": made["experiment_id"]}
    taken = ask("POST", "/experiments/create", {"name": "Träume"}, status=400)
    ask("POST", "/experiments/update", {**wanted, "new_name": "dreams"})
    ask("POST", "/experiments/set-experiment-tag", {**wanted, "key": "k", "value": "w"})

    found = ask("POST", "/experiments/search", {"filter": "name ILIKE 'DREAM%' and tags.k = 'w'"})["experiments"]
    by_name = ask("GET", "/experiments/get-by-name", {"experiment_name": "dreams"})["experiment"]
    ask("POST", "/experiments/delete", wanted)

    assert taken["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert [one["experiment_id"] for one in found] == [by_name["experiment_id"]] == [made["experiment_id"]]
    assert ask("POST", "/experiments/search", {"filter": "name = 'dreams'"})["experiments"] == []
    assert ask("GET", "/experiments/get", wanted)["experiment"]["lifecycle_stage"] == "deleted"
    ask("POST", "/runs/create", wanted, status=400)


def test_a_folder_of_one_machine_is_no_artifact_location(ask):
    refused = ask("POST", "/experiments/create", {"name": "x", "artifact_location": "./mlruns"}, status=400)

    assert "object store" in refused["message"]
