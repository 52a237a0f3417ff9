from promptflow.core import log_metric, tool


@tool
def accuracy(grades: list) -> float:
    """The share of right answers, as a metric of the run."""
    known = [each for each in grades if each != "unknown"]
    share = round(known.count("right") / len(known), 4) if known else 0.0
    log_metric("accuracy", share)
    return share
