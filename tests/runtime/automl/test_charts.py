"""Charts of predictions, as Azure logs them."""

from __future__ import annotations

import numpy as np

from smalt.runtime.automl.charts import charts

TRUTH = np.array([0, 0, 1, 1])
SHARES = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])


def test_a_confusion_matrix_has_a_row_for_what_is_and_a_column_for_what_was_said():
    found = charts(TRUTH, SHARES, np.array(["no", "yes"]))["confusion_matrix"]

    assert (found["schema_type"], found["schema_version"]) == ("confusion_matrix", "v1")
    assert found["data"] == {"class_labels": ["no", "yes"], "matrix": [[1, 1], [0, 2]]}


def test_an_accuracy_table_counts_hits_false_alarms_rejections_and_misses_at_each_threshold():
    found = charts(TRUTH, SHARES, np.array(["no", "yes"]))["accuracy_table"]["data"]

    of_yes = dict(zip(found["probability_thresholds"], found["probability_tables"][1], strict=True))
    assert (of_yes[0.0], of_yes[0.65], of_yes[1.0]) == ([2, 2, 0, 0], [2, 0, 2, 0], [0, 0, 2, 2])
    assert found["percentile_tables"][1][0] == [2, 2, 0, 0]


def test_numbers_have_residuals_and_what_was_predicted_by_parts_of_the_truth():
    found = charts(np.array([0.0, 10.0, 20.0]), np.array([1.0, 10.0, 20.0]), None)

    residuals, predicted = found["residuals"]["data"], found["predicted_true"]["data"]
    assert (sum(residuals["bin_counts"]), len(residuals["bin_edges"])) == (3, 21)
    assert predicted["bin_counts"][0] == 1
    assert (predicted["bin_averages"][0], predicted["bin_averages"][-1]) == (1.0, 20.0)


def test_of_very_many_classes_nothing_is_drawn():
    many = np.arange(101)

    assert charts(many, np.eye(101), many) == {}
