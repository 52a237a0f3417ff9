"""What differs between databases: finding by tags, and writers at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.server.flows.conftest import Flows
from tests.server.serving.conftest import either_place  # noqa: F401  (a fixture of these tests)


def test_of_saves_at_the_same_time_one_is_kept(either_place):  # noqa: F811 - the fixture
    flows = Flows(either_place)
    flows.create("hello", tags={"team": "a"})
    flows.create("other", template="chat", description="Of 100% use")

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda number: flows.save(1, greet__py=f"# {number}\n"), range(6)))

    codes = sorted(answer.status_code for answer in answers)
    (kept,) = [index for index, answer in enumerate(answers) if answer.status_code == 201]
    assert codes == [201, 409, 409, 409, 409, 409]
    assert flows.ask("GET", "/hello/versions/latest/files/greet.py").text == f"# {kept}\n"
    assert [each["name"] for each in flows.ask("GET", "?tag=team=a").json()["value"]] == ["hello"]
    assert [each["name"] for each in flows.ask("GET", "?search=0%25 U").json()["value"]] == ["other"]
    assert [each["latestVersion"] for each in flows.ask("GET", "?$top=1&tag=team").json()["value"]] == [2]


def test_of_flows_that_are_made_at_the_same_time_under_one_name_one_is_made(either_place):  # noqa: F811 - the fixture
    flows = Flows(either_place)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: flows.ask("PUT", "/hello", {"template": "chat"}), range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
