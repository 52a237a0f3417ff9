"""What trials are made of, tested with the packages of the AutoML environment; `test_automl.py` runs this."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalt.runtime.automl import ensembles, forecaster, metrics, written
from smalt.runtime.automl.data import load
from smalt.runtime.automl.failure import DataError
from smalt.runtime.automl.features import Featurizer, kind_of
from smalt.runtime.automl.forecaster import Forecaster
from smalt.runtime.automl.judging import Judged, judge, primary, score
from smalt.runtime.automl.learners import SPACES, build, propose
from smalt.runtime.automl.models import TabularModel
from smalt.runtime.automl.splits import splits
from smalt.runtime.automl.table import read_table

CLASSIFIERS = (
    "light_gbm logistic_regression gradient_boosting xg_boost_classifier random_forest extreme_random_trees sgd "
    "linear_svm decision_tree bernoulli_naive_bayes knn multinomial_naive_bayes svm"
).split()
REGRESSORS = (
    "light_gbm elastic_net gradient_boosting xg_boost_regressor random_forest extreme_random_trees lasso_lars "
    "decision_tree knn sgd"
).split()
RULES = ("naive", "seasonal_naive", "average", "seasonal_average", "exponential_smoothing")
SMALL = {"n_estimators": 10, "max_iter": 10}


def people(count=120):
    """Age and city decide; some values are missing."""
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 80, count).astype(float),
            "city": draw.choice(["oslo", "rome", "bern"], count),
            "born": pd.date_range("1990-01-01", periods=count).strftime("%Y-%m-%d"),
            "note": [f"the {word} of a long day and night" for word in draw.choice(["sun", "rain", "snow"], count)],
            "same": 1,
        }
    )
    target = ((table.age > 50) | (table.city == "oslo")).astype(int).to_numpy()
    table.loc[3, ["age", "city"]] = [np.nan, None]
    return table, target


def settings(**given):
    common = {"task": "classification", "target": "y", "metric": "accuracy", "seed": 0, "stack": {}, "inputs": {}}
    return {**common, "featurization": {}, "forecasting": {}, **given}


def written_table(folder, frame):
    frame.to_csv(Path(folder, "t.csv"), index=False)
    return str(Path(folder, "t.csv"))


def months(count=60):
    """A yearly wave with a rise."""
    times = pd.date_range("2018-01-01", periods=count, freq="MS")
    wave = 10 * np.sin(np.arange(count) * 2 * math.pi / 12) + np.arange(count)
    return pd.DataFrame({"month": times.strftime("%Y-%m-%d")}), wave


def test_an_mltable_is_read_as_it_describes_itself():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.txt").write_text("k;v\n1;x\n2;y\n")
        Path(folder, "MLTable").write_text(
            "paths:\n- file: ./a.txt\ntransformations:\n- read_delimited: {delimiter: ';'}\n"
            "- convert_column_types:\n  - {columns: k, column_type: string}\n- take: 1\n"
        )

        table = read_table(folder)

    assert table.to_dict("list") == {"k": ["1"], "v": ["x"]}


def test_a_table_that_cannot_be_read_says_why():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLTable").write_text("paths:\n- file: ./missing.csv\ntransformations:\n- read_parquet\n")

        with pytest.raises(DataError, match="missing"):
            read_table(folder)


def test_mistakes_in_the_data_are_told_in_a_sentence():
    cases = (
        (pd.DataFrame({"x": [1, 2]}), "no column 'y'"),
        (pd.DataFrame({"x": [1, 2], "y": ["a", "a"]}), "one class only"),
        (pd.DataFrame({"x": [1], "y": [None]}), "no row with a value"),
    )
    for frame, said in cases:
        with tempfile.TemporaryDirectory() as folder:
            inputs = {"training_data": written_table(folder, frame)}
            with pytest.raises(DataError, match=said):
                load(settings(inputs=inputs))


def test_columns_are_known_by_what_they_hold():
    table, _ = people()

    kinds = {name: kind_of(table[name]) for name in table.columns}

    assert kinds["age"] == "numeric"
    assert kinds["city"] == "categorical"
    assert kinds["born"] == "datetime"
    assert kinds["same"] == "ignore"


def test_a_blocked_transformer_gives_way_to_the_next():
    table, target = people()
    blocked = {"blocked_transformers": ["one_hot_encoder", "cat_target_encoder", "hash_one_hot_encoder"]}

    wide = Featurizer({}, 0, "classification").fit_transform(table[["city"]], target)
    narrow = Featurizer(blocked, 0, "classification").fit_transform(table[["city"]], target)

    assert (wide.shape[1], narrow.shape[1]) == (3, 1)


def test_imputers_follow_their_parameters():
    table, target = people()
    params = {"imputer": [{"fields": ["age"], "parameters": {"strategy": "constant", "fill_value": -7}}]}

    matrix = Featurizer({"transformer_params": params}, 0, "classification").fit_transform(table[["age"]], target)

    assert matrix[3, 0] == -7


def test_a_column_may_be_given_another_type_or_none():
    table, target = people()
    told = {"column_name_and_types": {"age": "Categorical", "city": "Ignore", "note": "Text"}}

    featurizer = Featurizer(told, 0, "classification").fit(table, target)

    assert [featurizer.kinds_[each] for each in ("age", "city", "note")] == ["categorical", "ignore", "text"]


def test_without_featurization_texts_are_refused():
    table, target = people()

    with pytest.raises(DataError, match="city"):
        Featurizer({"mode": "off"}).fit(table, target)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_gives_shares_of_all_classes(name):
    table, target = people()
    classes = np.array(["no", "yes"])
    params = {key: value for key, value in SMALL.items() if key in SPACES[name]}
    model = TabularModel("classification", name, params, classes=classes).fit(table, target)

    shares = model.predict_proba(table)

    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert (model.predict(table) == classes[target]).mean() > 0.6


@pytest.mark.parametrize("name", REGRESSORS)
def test_every_regressor_learns_a_line(name):
    table, _ = people()
    table = table[["age"]].fillna(50)
    target = table.age.to_numpy() * 2 + 100
    model = TabularModel("regression", name, propose(name, [], seed=0, maximise=True)).fit(table, target)

    found = metrics.regression(target, model.numbers(table), spread=float(np.ptp(target)))

    assert found["r2_score"] > 0.8


def test_settings_are_proposed_the_same_for_the_same_history():
    history = [({name: given[0] for name, given in SPACES["light_gbm"].items()}, 0.5)] * 4

    first, again = (propose("light_gbm", history, seed=7, maximise=True) for _ in range(2))

    assert first == again
    assert first != history[0][0]
    build("regression", "light_gbm", first, seed=0, cores=1)


def test_metrics_of_perfect_shares_are_perfect():
    truth = np.array([0, 1, 2, 1])

    found = metrics.classification(truth, np.eye(3)[truth], positive=1)

    for name in ("accuracy", "AUC_weighted", "norm_macro_recall", "average_precision_score_weighted",
                 "precision_score_weighted", "AUC_binary", "weighted_accuracy"):  # fmt: skip
        assert found[name] == pytest.approx(1)


@pytest.mark.parametrize(
    "name",
    ["accuracy", "AUC_weighted", "norm_macro_recall", "average_precision_score_weighted", "precision_score_weighted"],
)
def test_a_primary_metric_alone_is_the_one_among_all(name):
    draw = np.random.default_rng(1)
    truth, shares = draw.integers(0, 3, 60), draw.dirichlet(np.ones(3), 60)

    alone = metrics.primary(name, truth, shares, spread=0)

    assert alone == pytest.approx(metrics.classification(truth, shares)[name])


def test_errors_are_normalised_by_the_spread_of_the_target():
    found = metrics.regression(np.array([0.0, 10.0]), np.array([1.0, 9.0]), spread=20)

    assert found["normalized_root_mean_squared_error"] == pytest.approx(0.05)
    assert found["normalized_mean_absolute_error"] == pytest.approx(0.05)
    assert found["spearman_correlation"] == pytest.approx(1)


def test_small_tables_are_judged_by_ten_folds_and_large_ones_by_a_tenth():
    small = splits(settings(task="regression"), np.arange(50.0))
    large = splits(settings(task="regression"), np.arange(30_000.0))

    assert len(small) == 10
    assert [len(rest) for _, rest in large] == [3000]


def test_an_ensemble_is_not_worse_than_its_best_member():
    table, target = people(300)
    with tempfile.TemporaryDirectory() as folder:
        named = table.assign(y=np.where(target, "yes", "no"))
        given = settings(inputs={"training_data": written_table(folder, named)}, folds=3)
        data = load(given)
        found = [
            judge(data, given, lambda name=name: TabularModel("classification", name, {}, classes=data.classes))
            for name in ("decision_tree", "logistic_regression", "bernoulli_naive_bayes")
        ]
    found.sort(key=lambda each: -score(each[1], data, given)["accuracy"])
    models, judged = zip(*found, strict=True)

    vote, voted = ensembles.vote(models, judged, lambda each: primary(each, data, given))
    stack, _ = ensembles.stack(models, judged, given)

    assert score(voted, data, given)["accuracy"] >= score(judged[0], data, given)["accuracy"]
    assert set(stack.predict(table)), {"no" == "yes"}
    assert list(vote.classes_), ["no" == "yes"]


def test_predictions_survive_being_written():
    with tempfile.TemporaryDirectory() as folder:
        judged = Judged(np.array([0, 1]), np.eye(2), np.array([0, 1]))
        judged.save(Path(folder, "v.npz"))

        again = Judged.load(Path(folder, "v.npz"))

    np.testing.assert_array_equal(again.numbers, judged.numbers)
    assert again.weight is None


def given_time(**more):
    return {"time_column_name": "month", "frequency": "MS", **more}


@pytest.mark.parametrize("name", [*RULES, "elastic_net", "light_gbm"])
def test_rules_and_learners_forecast_a_wave(name):
    table, target = months()
    params = {key: each[0] for key, each in SPACES[name].items()}
    model = Forecaster(name, params, given_time(target_lags=[1, 12])).fit(table[:48], target[:48])

    assert np.isfinite(model.numbers(table[48:])).all()


def test_lags_continue_what_was_forecast_before():
    table, target = months()
    model = Forecaster("elastic_net", {"alpha": 1e-6}, given_time(target_lags=[1, 12])).fit(table[:48], target[:48])

    error = np.abs(model.numbers(table[48:]) - target[48:]).mean()

    assert error < 2


def test_series_are_told_apart():
    table, target = months(24)
    both = pd.concat([table.assign(shop="a"), table.assign(shop="b")], ignore_index=True)
    model = Forecaster("naive", {}, given_time(time_series_id_column_names=["shop"]))
    model.fit(both, np.concatenate([target, target + 100]))

    ahead = pd.DataFrame({"month": ["2020-01-01", "2020-01-01"], "shop": ["b", "a"]})
    high, low = model.numbers(ahead)

    assert high - low == pytest.approx(100)


def test_the_columns_that_tell_series_apart_are_found_where_none_are_named():
    table, target = months(24)
    parts = [table.assign(price=target, kind=kind, shop=shop, area=shop[0]) for kind in "xy" for shop in ("a1", "b2")]
    both = pd.concat(parts, ignore_index=True)

    assert forecaster.with_series(given_time(), both)["time_series_id_column_names"] == ["kind", "shop"]
    assert forecaster.with_series(given_time(), table) == given_time()
    assert forecaster.with_series(given_time(target_aggregate_function="sum"), both).keys() == {
        "time_column_name", "frequency", "target_aggregate_function"
    }  # fmt: skip


def test_rows_that_cannot_be_forecast_are_refused_with_the_reason():
    table, target = months()
    model = Forecaster("naive", {}, given_time()).fit(table, target)
    cases = (("2018-05-01", "is not after"), ("2030-05-17", "frequency"), ("soon", "no time"))
    for time, said in cases:
        with pytest.raises(DataError, match=said):
            model.numbers(pd.DataFrame({"month": [time]}))


def test_origins_move_back_by_the_step():
    table, _ = months()

    found = forecaster.folds(
        settings(task="forecasting", forecasting=given_time(forecast_horizon=6, cv_step_size=3), folds=2), table
    )

    assert [(len(train), rest.tolist()[0]) for train, rest in found], [(54, 54), (51 == 51)]


def test_holidays_are_a_column():
    days = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=400).strftime("%Y-%m-%d")})
    given = {"time_column_name": "day", "frequency": "D", "country_or_region_for_holidays": "US"}
    model = Forecaster("elastic_net", {}, given).fit(days, np.arange(400.0))

    rows, _, _ = model.training_rows()

    assert rows.is_holiday[0] == 1


def test_a_written_model_answers_as_before_and_names_its_run(monkeypatch):
    import mlflow.pyfunc

    monkeypatch.setenv("MLFLOW_RUN_ID", "job_3")
    table, target = people()
    model = TabularModel("classification", "light_gbm", {}, classes=np.array(["no", "yes"])).fit(table, target)
    with tempfile.TemporaryDirectory() as folder:
        written.save_model(model, table, Path(folder, "m"))
        loaded = mlflow.pyfunc.load_model(str(Path(folder, "m")))

        np.testing.assert_array_equal(loaded.predict(table), model.predict(table))
        assert "\nrun_id: job_3\n" in Path(folder, "m", "MLmodel").read_text()
