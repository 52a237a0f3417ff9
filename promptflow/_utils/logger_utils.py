"""Loggers."""

import logging


def get_logger(name: str) -> logging.Logger:
    """A logger that says what is going on."""
    logger = logging.getLogger(name)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return logger


logger = get_logger("promptflow")
flow_logger = get_logger("promptflow.flow")

__all__ = ["flow_logger", "get_logger", "logger"]
