"""The learners: how each is built, and the ranges in which its settings are searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, StandardScaler

_WIDE = 1000

Params = dict[str, Any]  # Any: numbers and words
# A default, then the range: two numbers, or a list of choices; "log" for a logarithmic scale.
Range = tuple[Any, ...]

_BOOSTED: dict[str, Range] = {
    "n_estimators": (100, 20, 600, "log"),
    "learning_rate": (0.1, 0.01, 0.5, "log"),
}
_FOREST: dict[str, Range] = {
    "n_estimators": (100, 20, 400, "log"),
    "max_features": (0.5, 0.05, 1.0),
    "min_samples_leaf": (1, 1, 40, "log"),
}
_NEAR: dict[str, Range] = {"n_neighbors": (5, 1, 50, "log"), "weights": ("uniform", ["uniform", "distance"])}
_LINEAR: dict[str, Range] = {"alpha": (1e-3, 1e-6, 10.0, "log"), "l1_ratio": (0.5, 0.0, 1.0)}
SPACES: Mapping[str, Mapping[str, Range]] = {
    "light_gbm": {
        **_BOOSTED,
        "num_leaves": (31, 4, 255, "log"),
        "min_child_samples": (20, 2, 100, "log"),
        "colsample_bytree": (1.0, 0.3, 1.0),
        "reg_lambda": (1e-3, 1e-4, 10.0, "log"),
    },
    "gradient_boosting": {
        "max_iter": (100, 20, 500, "log"),
        "learning_rate": (0.1, 0.01, 0.5, "log"),
        "max_leaf_nodes": (31, 4, 127, "log"),
        "min_samples_leaf": (20, 2, 100, "log"),
        "l2_regularization": (1e-6, 1e-6, 10.0, "log"),
    },
    "xg_boost_classifier": {
        **_BOOSTED,
        "max_depth": (6, 2, 12),
        "subsample": (1.0, 0.5, 1.0),
        "colsample_bytree": (1.0, 0.3, 1.0),
        "reg_lambda": (1.0, 1e-3, 10.0, "log"),
    },
    "random_forest": _FOREST,
    "extreme_random_trees": _FOREST,
    "decision_tree": {"max_depth": (8, 2, 30), "min_samples_leaf": (5, 1, 100, "log")},
    "logistic_regression": {"C": (1.0, 1e-4, 100.0, "log")},
    "sgd": {"alpha": (1e-4, 1e-7, 1e-1, "log"), "penalty": ("l2", ["l2", "l1", "elasticnet"])},
    "linear_svm": {"C": (1.0, 1e-4, 100.0, "log")},
    "svm": {"C": (1.0, 1e-3, 100.0, "log"), "gamma": (0.01, 1e-4, 1.0, "log")},
    "knn": _NEAR,
    "bernoulli_naive_bayes": {"alpha": (1.0, 1e-3, 10.0, "log")},
    "multinomial_naive_bayes": {"alpha": (1.0, 1e-3, 10.0, "log")},
    "elastic_net": _LINEAR,
    "lasso_lars": {"alpha": (1e-3, 1e-6, 10.0, "log")},
    "exponential_smoothing": {"trend": ("damped", ["damped", "add", "none"]), "seasonal": ("add", ["add", "none"])},
    "naive": {},
    "seasonal_naive": {},
    "average": {"window": (0, 0, 24)},
    "seasonal_average": {"window": (0, 0, 12)},
}
_ALIASES = {"xg_boost_regressor": "xg_boost_classifier"}


def space_of(learner: str) -> Mapping[str, Range]:
    """The settings of a learner that are searched."""
    return SPACES[_ALIASES.get(learner, learner)]


def propose(learner: str, history: Sequence[tuple[Params, float]], *, seed: int, maximise: bool) -> Params:
    """The settings to try next: the defaults first, then what the results so far make likely to be good."""
    space = space_of(learner)
    if not history or not space:
        return {name: given[0] for name, given in space.items()}
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges = {name: _distribution(optuna, given) for name, given in space.items()}
    # TPE draws at random for its first trials; here the defaults stand for those that are no use to draw.
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=3)
    study = optuna.create_study(direction="maximize" if maximise else "minimize", sampler=sampler)
    for params, score in history:
        study.add_trial(optuna.trial.create_trial(params=params, distributions=ranges, value=score))
    return dict(study.ask(ranges).params)


def build(task: str, learner: str, params: Mapping[str, Any], *, seed: int, cores: int) -> Any:  # Any: an estimator
    """A learner with these settings, not yet trained."""
    makers = _CLASSIFIERS if task == "classification" else _REGRESSORS
    return makers[learner](dict(params), seed, cores)


def _distribution(optuna: Any, given: Range) -> Any:
    default, *bounds = given
    if isinstance(bounds[0], list):
        return optuna.distributions.CategoricalDistribution(bounds[0])
    log = "log" in bounds
    kind = optuna.distributions.IntDistribution if isinstance(default, int) else optuna.distributions.FloatDistribution
    return kind(bounds[0], bounds[1], log=log)


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


def _on_dense(*steps: Any) -> Any:
    return make_pipeline(FunctionTransformer(_dense), *steps)


class Scaler(BaseEstimator, TransformerMixin):  # type: ignore[misc]  # scikit-learn is not installed where mypy runs
    """Centres and scales; many sparse columns are only scaled, so that they stay sparse."""

    def fit(self, matrix: Any, target: Any = None) -> Scaler:
        """Learn means and scales."""
        is_wide = hasattr(matrix, "toarray") and matrix.shape[1] > _WIDE
        self.inner_ = MaxAbsScaler() if is_wide else make_pipeline(FunctionTransformer(_dense), StandardScaler())
        self.inner_.fit(matrix)
        return self

    def transform(self, matrix: Any) -> Any:
        """Scale."""
        return self.inner_.transform(matrix)


def _scaled(estimator: Any) -> Any:
    return make_pipeline(Scaler(), estimator)


def _light_gbm(is_classifier: bool) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        import lightgbm

        kind = lightgbm.LGBMClassifier if is_classifier else lightgbm.LGBMRegressor
        return kind(**params, random_state=seed, n_jobs=cores, verbose=-1, deterministic=True, force_row_wise=True)

    return make


def _xgboost(is_classifier: bool) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        import xgboost

        kind = xgboost.XGBClassifier if is_classifier else xgboost.XGBRegressor
        return kind(**params, random_state=seed, n_jobs=cores, tree_method="hist", verbosity=0)

    return make


def _forest(name: str) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import ensemble

        return getattr(ensemble, name)(**params, random_state=seed, n_jobs=cores)

    return make


def _histogram(name: str) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import ensemble

        return _on_dense(getattr(ensemble, name)(**params, random_state=seed))

    return make


def _tree(name: str) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import tree

        return getattr(tree, name)(**params, random_state=seed)

    return make


def _near(name: str) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import neighbors

        return _scaled(getattr(neighbors, name)(**params, n_jobs=cores))

    return make


def _linear(name: str, **fixed: Any) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import linear_model

        return _scaled(getattr(linear_model, name)(**params, **fixed, random_state=seed))

    return make


def _dense_linear(name: str, **fixed: Any) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import linear_model

        inner = _on_dense(StandardScaler(), getattr(linear_model, name)(**params, **fixed, random_state=seed))
        # Penalties and steps suit numbers about one.
        return TransformedTargetRegressor(inner, transformer=StandardScaler())

    return make


def _linear_svm(params: Params, seed: int, cores: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import LinearSVC

    return _scaled(CalibratedClassifierCV(LinearSVC(**params, random_state=seed), cv=3, ensemble=False))


def _svm(params: Params, seed: int, cores: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    return _scaled(CalibratedClassifierCV(SVC(**params), cv=3, ensemble=False))


def _bayes(name: str) -> Callable[..., Any]:
    def make(params: Params, seed: int, cores: int) -> Any:
        from sklearn import naive_bayes

        # Counts cannot be negative, not even for rows beyond what was seen in training.
        scaler = MinMaxScaler(clip=True) if name == "MultinomialNB" else StandardScaler()
        return _on_dense(scaler, getattr(naive_bayes, name)(**params))

    return make


_CLASSIFIERS: Mapping[str, Callable[..., Any]] = {
    "light_gbm": _light_gbm(is_classifier=True),
    "xg_boost_classifier": _xgboost(is_classifier=True),
    "gradient_boosting": _histogram("HistGradientBoostingClassifier"),
    "random_forest": _forest("RandomForestClassifier"),
    "extreme_random_trees": _forest("ExtraTreesClassifier"),
    "decision_tree": _tree("DecisionTreeClassifier"),
    "knn": _near("KNeighborsClassifier"),
    "logistic_regression": _linear("LogisticRegression", max_iter=200),
    "sgd": _linear("SGDClassifier", loss="log_loss"),
    "linear_svm": _linear_svm,
    "svm": _svm,
    "bernoulli_naive_bayes": _bayes("BernoulliNB"),
    "multinomial_naive_bayes": _bayes("MultinomialNB"),
}
_REGRESSORS: Mapping[str, Callable[..., Any]] = {
    "light_gbm": _light_gbm(is_classifier=False),
    "xg_boost_regressor": _xgboost(is_classifier=False),
    "gradient_boosting": _histogram("HistGradientBoostingRegressor"),
    "random_forest": _forest("RandomForestRegressor"),
    "extreme_random_trees": _forest("ExtraTreesRegressor"),
    "decision_tree": _tree("DecisionTreeRegressor"),
    "knn": _near("KNeighborsRegressor"),
    "elastic_net": _dense_linear("ElasticNet", max_iter=5000),
    "lasso_lars": _dense_linear("LassoLars"),
    "sgd": _dense_linear("SGDRegressor"),
}
