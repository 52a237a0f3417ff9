"""Sessions: real kernels, as jobs, that many pages look at and that outlive the server."""

from __future__ import annotations

import json

import pytest

from smalt.kit import clock
from tests.server.notebooks.conftest import PLAIN, Notebooks, notebook


def test_a_session_is_a_job_that_runs_cells_in_one_memory(notebooks: Notebooks) -> None:
    session = notebooks.start()

    notebooks.run(session, "x = 20")
    (output,) = notebooks.run(session, "x + 1", "two")

    assert output["data"]["text/plain"] == "21"
    assert notebooks.job(session)["status"] == "Running"
    assert notebooks.job(session)["properties"]["smalt.notebook"] == "Users/me/a.ipynb"


def test_two_pages_see_the_same_and_a_later_one_sees_all(notebooks: Notebooks) -> None:
    session = notebooks.start()
    pages = [notebooks.events(session) for _ in range(2)]
    assert [next(page)["type"] for page in pages] == ["state", "state"]

    notebooks.execute(session, "print('hi')")

    for page in pages:
        heard = next(change for change in page if change["type"] == "output")
        assert heard["output"] == {"output_type": "stream", "name": "stdout", "text": "hi\n"}
        page.close()
    assert notebooks.outputs(session)[0]["text"] == "hi\n"


def test_a_cell_outlives_the_server_and_its_outputs_are_heard_by_the_next_one(notebooks: Notebooks) -> None:
    session = notebooks.start()
    notebooks.execute(session, "import time\nfor i in range(20):\n    print(i, flush=True); time.sleep(0.1)")
    notebooks.begin_anew()

    assert notebooks.outputs(session)[0]["text"].split() == [str(number) for number in range(20)]
    assert notebooks.job(session)["status"] == "Running"


def test_a_failure_leaves_out_the_cells_behind_it_and_interrupt_ends_what_runs(notebooks: Notebooks) -> None:
    session = notebooks.start()
    cells = [{"id": "bad", "code": "1/0"}, {"id": "behind", "code": "2"}]

    notebooks.post(f"/sessions/{session}/execute", {"cells": cells})
    (told,) = notebooks.outputs(session, "bad")
    notebooks.execute(session, "import time\nwhile True: time.sleep(0.1)")
    notebooks.wait(lambda: notebooks.show(session)["kernel"] == "busy")
    notebooks.post(f"/sessions/{session}/interrupt")

    assert told["ename"] == "ZeroDivisionError"
    assert notebooks.state(session)["cells"]["behind"]["status"] == "aborted"
    assert notebooks.outputs(session)[-1]["ename"] == "KeyboardInterrupt"


def test_code_asks_and_is_answered_completed_explained_and_looked_into(notebooks: Notebooks) -> None:
    session = notebooks.start()
    notebooks.execute(session, "name = input('who? ')\nprint('hello', name)")
    notebooks.wait(lambda: notebooks.state(session)["input"] is not None)

    notebooks.post(f"/sessions/{session}/input", {"text": "Ada"})

    assert notebooks.outputs(session)[-1]["text"].endswith("hello Ada\n")
    completed = notebooks.post(f"/sessions/{session}/complete", {"code": "nam", "at": 3}).json()
    assert "name" in completed["matches"]
    assert "print" in notebooks.post(f"/sessions/{session}/inspect", {"code": "print", "at": 3}).json()["text"]
    variables = notebooks.post(f"/sessions/{session}/variables").json()["value"]
    assert variables == [{"name": "name", "type": "str", "shape": "3", "value": "'Ada'"}]


def test_a_kernel_that_died_or_is_restarted_has_an_empty_memory(notebooks: Notebooks) -> None:
    session = notebooks.start()
    notebooks.run(session, "x = 1")

    (told,) = notebooks.run(session, "import os; os._exit(1)", "bad")
    notebooks.wait(lambda: notebooks.show(session)["kernel"] == "idle")
    after = notebooks.text(session, "print('x' in globals())")
    notebooks.run(session, "x = 1")
    notebooks.post(f"/sessions/{session}/restart")
    notebooks.wait(lambda: notebooks.show(session)["kernel"] == "idle")

    assert "has died" in told["text"]
    assert after == notebooks.text(session, "print('x' in globals())") == "False\n"


def test_progress_and_displays_are_changed_in_place(notebooks: Notebooks) -> None:
    session = notebooks.start()

    progress = notebooks.run(session, "for i in range(50): print(f'\\r{i} of 50', end='')")
    shown = notebooks.run(session, "h = display('one', display_id=True)\nh.update('two')", "two")

    assert progress[0]["text"] == "49 of 50"
    assert [each["data"]["text/plain"] for each in shown] == ["'two'"]


def test_what_is_installed_stays_in_the_session_and_files_lie_beside_the_notebook(notebooks: Notebooks) -> None:
    session = notebooks.start()

    code = "import sys, os, pathlib\npathlib.Path('made.txt').write_text('made')\nprint(sys.prefix, os.getcwd())"
    prefix = notebooks.text(session, code).split()[0]

    assert prefix.endswith("/overlay")
    assert "made.txt" in notebooks.names("Users/me")


def test_a_session_that_is_over_keeps_its_outputs_and_its_job_is_completed(notebooks: Notebooks) -> None:
    session = notebooks.start()
    notebooks.run(session, "print('kept')")

    ended = notebooks.client.delete(f"{notebooks.path}/sessions/{session}")

    assert ended.status_code == 202
    assert notebooks.finish(session) == "Completed"
    assert notebooks.state(session)["type"] == "over"
    assert notebooks.state(session)["cells"]["one"]["outputs"][0]["text"] == "kept\n"


def test_nobody_runs_anything_with_the_rights_of_somebody_else(notebooks: Notebooks) -> None:
    session = notebooks.start()
    other = notebooks.member("AzureML Data Scientist")

    answers = [
        notebooks.post(f"/sessions/{session}/{verb}", body, other).status_code
        for verb, body in (("execute", {"cells": [{"id": "a", "code": "1"}]}), ("input", {"text": ""}), ("restart", {}))
    ]

    assert answers == [403, 403, 403]
    assert other.get(f"{notebooks.path}/sessions/{session}").json()["isMine"] is False


def test_code_has_the_rights_of_whoever_began_it_until_the_session_ends(notebooks: Notebooks) -> None:
    session = notebooks.start()
    token = notebooks.text(session, "import os; print(os.environ['SMALT_TOKEN'])").strip()
    client = notebooks.place.client_of(token)

    before = client.get(f"{notebooks.place.scope}/datastores").status_code
    notebooks.client.delete(f"{notebooks.path}/sessions/{session}")
    notebooks.finish(session)

    assert (before, client.get(f"{notebooks.place.scope}/datastores").status_code) == (200, 401)


def test_a_notebook_has_one_session_of_a_person_at_a_time_and_takes_no_place_from_jobs(notebooks: Notebooks) -> None:
    session = notebooks.start()
    job = {
        "properties": {
            "jobType": "Command",
            "command": "true",
            "environmentId": f"{notebooks.place.scope}/environments/plain/versions/1",
        }
    }

    again = notebooks.post("/sessions", {"path": "Users/me/a.ipynb", "environment": PLAIN})
    made = f"beside-{clock.now():%H%M%S%f}"
    notebooks.place.call("PUT", f"/jobs/{made}", job)

    assert (again.status_code, again.json()["name"]) == (200, session)
    assert notebooks.finish(made) == "Completed"


@pytest.mark.parametrize("high", [3, "high"])
def test_a_notebook_that_becomes_a_job_has_the_priority_that_was_asked_for(notebooks: Notebooks, high: object) -> None:
    notebooks.save("work/first.ipynb", notebook("1"))

    job = notebooks.post("/runs/prepare", {"path": "work/first.ipynb", "job": {"queueSettings": {"priority": high}}})

    assert job.json()["properties"]["queueSettings"] == {"priority": 3}


def test_a_notebook_runs_as_a_job_with_parameters_and_leaves_itself_with_outputs(notebooks: Notebooks) -> None:
    notebooks.save("work/helper.py", "def double(x): return 2 * x\n")
    text = json.loads(notebook("rate = 0.5", "from helper import double\nprint(double(rate))"))
    text["cells"][0]["metadata"] = {"tags": ["parameters"]}
    notebooks.save("work/train.ipynb", json.dumps(text))

    made = notebooks.post(
        "/runs", {"path": "work/train.ipynb", "inputs": {"rate": "4"}, "job": {"environment": PLAIN}}
    ).json()["job"]

    assert notebooks.finish(made) == "Completed", notebooks.job(made)
    base = f"{notebooks.place.scope}/smalt/files"
    uri = f"azureml://jobs/{made}/outputs/artifacts/paths/outputs/"
    listed = notebooks.client.get(base, params={"uri": uri}).json()["value"]
    assert [each["name"] for each in listed] == ["train.ipynb"]
