"""Gives a row for each flower of a mini-batch, a DataFrame of about a kilobyte of the table."""


def init():
    print("ready")


def run(mini_batch):
    return list(mini_batch["species"])


def shutdown():
    print("done")
