"""The logs of a job that are followed: which there are, how long each is, and when nothing more is to come."""

from __future__ import annotations

from smalt.server.jobs.log_stream import sizes


def test_a_log_is_told_when_it_appears_and_when_it_grows(tmp_path):
    looks = sizes(tmp_path)
    before = next(looks)
    (tmp_path / "user_logs").mkdir()
    log = tmp_path / "user_logs" / "std_log.txt"

    log.write_text("one\n")
    first, same = next(looks), next(looks)
    log.write_text("one\ntwo\n")

    assert (before, first, same) == ({}, {"user_logs/std_log.txt": 4}, None)
    assert next(looks) == {"user_logs/std_log.txt": 8}


def test_links_and_what_is_no_log_are_not_told(tmp_path):
    (tmp_path / "user_logs").mkdir()
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "user_logs" / "link.txt").symlink_to(tmp_path / "secret.txt")

    assert next(sizes(tmp_path)) == {}


def test_a_browser_does_not_come_again_for_the_logs_of_a_job_that_is_over(plant, loop):
    plant.submit()
    plant.run_to_end(loop, "one")

    answer = plant.client.get(f"{plant.scope}/jobs/one/logs")

    assert (answer.status_code, answer.content) == (204, b"")


def test_logs_of_a_job_that_is_not_there_are_not_followed(plant):
    assert plant.client.get(f"{plant.scope}/jobs/nobody/logs").status_code == 404
