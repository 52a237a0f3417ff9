"""The trials of AutoML jobs, run in the built-in AutoML environment.

Unlike the rest of `smalt.runtime` this uses what that environment has: pandas, scikit-learn, LightGBM, XGBoost,
Optuna, statsmodels and MLflow. Models are pickled with the classes of this package inside them, so that they load where
smalt is not installed.
"""
