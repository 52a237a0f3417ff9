"""Parts of the steps that need no library of theirs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalt.runtime.responsible import cohorts, layout, options, plain, subject
from smalt.runtime.responsible.blocks import Bar, Bars, Heading, Table
from smalt.runtime.responsible.causal import _comparison
from smalt.runtime.responsible.construct import construct
from smalt.runtime.responsible.encoding import categories, encoded
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.pages import html
from smalt.runtime.responsible.step import main
from smalt.runtime.responsible.subject import Columns, Subject


@pytest.fixture
def what() -> Subject:
    rows = pd.DataFrame({"age": [20, 40, 60], "sex": ["f", "m", "f"], "y": ["no", "yes", "yes"]})
    columns = Columns("y", "classification", ["sex"], [], ["no", "yes"], ["no", "yes"])
    found = Subject(Path(), columns, rows, rows)
    found.__dict__["predicted"] = np.asarray([0, 0, 1])
    return found


def test_names_of_classes_may_be_the_values_or_words_for_them():
    assert subject.classes_of([0, 1, 1], ["less", "more"]) == ([0, 1], ["less", "more"])
    assert subject.classes_of(["b", "a"], ["b", "a"]) == (["b", "a"], ["b", "a"])
    with pytest.raises(AnalysisError, match=r"1 names and the target 2 values"):
        subject.classes_of([0, 1], ["less"])


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ({"column": "age", "method": "greater", "arg": [30]}, [False, True, True]),
        ({"column": "age", "method": "in the range of", "arg": [30, 50]}, [False, True, False]),
        ({"column": "sex", "method": "excludes", "arg": ["m"]}, [True, False, True]),
        ({"column": "Predicted Y", "method": "equal", "arg": [1]}, [False, False, True]),
        ({"column": "Error", "method": "equal", "arg": [True]}, [False, True, False]),
    ],
)
def test_a_cohort_has_the_rows_that_meet_its_conditions(what, condition, rows):
    assert cohorts.mask_of(what, [condition]).tolist() == rows


@pytest.mark.parametrize("condition", [{"column": "age", "method": "near", "arg": [1]}, {"column": "x"}, {}])
def test_a_condition_that_means_nothing_is_refused(what, condition):
    with pytest.raises(AnalysisError, match="cannot be understood"):
        cohorts.mask_of(what, [condition])


def test_categories_become_codes_and_what_is_missing_stays_missing():
    rows = pd.DataFrame({"colour": ["red", None, "blue"], "size": [1, 2, 3]})

    found = encoded(rows, categories([rows], ["colour"]))

    assert found["colour"].tolist()[::2] == [1.0, 0.0]
    assert np.isnan(found["colour"][1])


def test_json_has_no_numpy_and_no_nan():
    found = plain.plain({"a": np.asarray([1.5, np.nan]), "b": np.int64(3), "c": pd.NaT, "d": np.bool_(True)})

    assert found == {"a": [1.5, None], "b": 3, "c": None, "d": True}


def test_a_policy_compares_categories_by_name():
    assert _comparison("sex_f", 0.5, ["sex"]) == ("sex", "eq", "f")
    assert _comparison("age", 40.0, ["sex"]) == ("age", "gt", 40.0)


def test_options_that_are_no_json_are_told_by_their_name():
    assert (options.listed("null", "classes"), options.seed("'None'"), options.seed("7")) == ([], None, 7)
    with pytest.raises(AnalysisError, match="classes is no JSON list"):
        options.listed('{"a": 1}', "classes")


def test_a_folder_that_no_analysis_has_written_is_refused(tmp_path):
    with pytest.raises(AnalysisError, match="is no output of an analysis"):
        layout.found(tmp_path)


def test_a_page_shows_texts_as_texts():
    page = html(
        "<x>", [Heading("<b>", 1), Table(["a"], [["<i>"]]), Bars("t", [Bar("l", 1.0, "1"), Bar("m", 0.5, "½")])]
    )

    assert "<b>" not in page
    assert "&lt;i&gt;" in page
    assert "width:50.0%" in page


def test_forecasts_are_refused_with_what_there_is(tmp_path):
    with pytest.raises(AnalysisError, match=r"'forecasting' is not analysed here: write classification or regression"):
        construct(Namespace(task_type="forecasting", output_path=str(tmp_path)))


def test_a_step_tells_what_is_wrong_in_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"The step 'construct' has failed\. No model is given"):
        main(["construct", "--task_type", "regression", "--output_path", str(tmp_path)])
