"""Prompt flows in the studio: made, edited by two, tried, talked with, run over data, judged, deployed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .house import House

LINES = [
    {"text": "The goalkeeper saved the penalty.", "truth": "sports"},
    {"text": "Bake the flour and salt in the oven.", "truth": "cooking"},
]


def make(house: House, name: str, template: str) -> None:
    house.call("PUT", f"{house.scope}/smalt/flows/{name}", {"template": template})


def text_of(house: House, flow: str, path: str) -> str:
    latest = house.call("GET", f"{house.scope}/smalt/flows/{flow}")["latestVersion"]
    return house.text(f"{house.scope}/smalt/flows/{flow}/versions/{latest}/files/{path}")


def save(house: House, flow: str, files: dict[str, str], message: str = "") -> None:
    path = f"{house.scope}/smalt/flows/{flow}"
    base = house.call("GET", path)["latestVersion"]
    changes = [{"path": name, "content": content} for name, content in files.items()]
    house.call("POST", f"{path}/versions", {"base": base, "message": message, "files": changes})


def opened(page: Page, house: House, address: str) -> Page:
    page.goto(f"{house.url}/studio/flows/{address}")
    page.get_by_role("heading", level=1).wait_for()
    return page


@pytest.fixture(scope="module")
def labelled(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data asset of texts with what they are about."""
    file = tmp_path_factory.mktemp("labelled") / "labelled.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    house.smalt("data", "create", "--name", "labelled", "--version", "1", "--path", str(file), "--type", "uri_file")
    return "labelled"


def test_a_flow_is_made_of_the_gallery(page: Page, house: House):
    page.get_by_role("link", name="Prompt flow", exact=True).click()
    page.get_by_role("button", name="New flow").click()

    page.get_by_role("radio", name=re.compile("^Chat")).check()
    page.get_by_label("Name", exact=False).first.fill("from_gallery")
    page.get_by_role("button", name="Create the flow").click()

    expect(page.get_by_role("heading", name="from_gallery")).to_be_visible()
    expect(page.get_by_label("Node answer")).to_be_visible()
    expect(page.locator(".flow-dag").get_by_text("answer", exact=True)).to_be_visible()


def test_a_folder_of_this_machine_becomes_a_flow(page: Page, house: House, tmp_path: Path):
    folder = tmp_path / "mine"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "old.pyc").write_bytes(b"\0")
    (folder / "say.py").write_text("from promptflow.core import tool\n\n@tool\ndef say(word: str): return word\n")
    node = "{name: say, type: python, source: {type: code, path: say.py}, inputs: {word: '${inputs.word}'}}"
    (folder / "flow.dag.yaml").write_text(f"inputs: {{word: {{type: string}}}}\nnodes:\n- {node}\n")
    page.goto(f"{house.url}/studio/flows?create=upload")

    page.get_by_label("Upload a folder").set_input_files(folder)
    expect(page.get_by_role("textbox", name="Name")).to_have_value("mine")
    page.get_by_role("button", name="Create the flow").click()

    expect(page.get_by_label("Node say")).to_be_visible()
    files = house.call("GET", f"{house.scope}/smalt/flows/mine/versions/1/files")["value"]
    assert [file["path"] for file in files] == ["flow.dag.yaml", "say.py"]


def test_edits_keep_comments_survive_a_reload_and_are_saved_with_the_keyboard(page: Page, house: House):
    make(house, "edited", "standard")
    save(house, "edited", {"flow.dag.yaml": "# keep me\n" + text_of(house, "edited", "flow.dag.yaml")})
    opened(page, house, "edited")

    page.get_by_role("button", name="More about greet").first.click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("welcome")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved: flow.dag.yaml")).to_be_visible()
    page.reload()
    page.get_by_label("Node welcome").wait_for()
    page.keyboard.press("Control+s")

    expect(page.get_by_text("Saved as version 3.").first).to_be_visible()
    text = text_of(house, "edited", "flow.dag.yaml")
    assert text.startswith("# keep me\n")
    assert "reference: ${welcome.output}" in text


def test_a_node_is_added_and_wired_in_the_list_and_the_graph_follows(page: Page, house: House):
    make(house, "grown", "standard")
    opened(page, house, "grown")

    page.get_by_role("button", name="Add a node").click()
    page.get_by_role("menuitem", name="Python").click()
    page.get_by_role("dialog").get_by_label("Name").fill("shout")
    page.keyboard.press("Enter")
    page.get_by_label("Node shout").get_by_label("Value of text").fill("${greet.output}")
    page.keyboard.press("Enter")
    page.get_by_label("Reference of greeting").fill("${shout.output}")
    page.keyboard.press("Enter")

    expect(page.locator(".react-flow__edge")).to_have_count(5)
    expect(page.get_by_role("button", name="shout.py edited")).to_be_visible()


def test_a_line_that_is_drawn_in_the_graph_stands_in_the_list(page: Page, house: House):
    make(house, "drawn", "standard")
    opened(page, house, "drawn")
    handles = page.locator(".react-flow__node .react-flow__handle")
    expect(handles).to_have_count(8)

    start = page.locator('.react-flow__node[data-id="inputs"] .source')
    start.drag_to(page.locator('.react-flow__node[data-id="greet"] .target'))

    expect(page.locator(".react-flow__edge")).to_have_count(5)
    expect(page.get_by_text("Not saved: flow.dag.yaml")).to_be_visible()
    expect(page.get_by_label("Node greet").get_by_role("combobox").last).to_have_value("${inputs.name}")


def test_a_flow_and_a_node_are_tried_with_edits_that_are_not_saved(page: Page, house: House):
    make(house, "tried", "standard")
    opened(page, house, "tried")
    page.get_by_role("textbox", name="Value of name").first.fill("ada")
    page.locator("#node-tidy .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("from promptflow.core import tool\n@tool\ndef tidy(text: str): return text.upper()\n")

    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".answers").get_by_text("Hello, ADA!")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Run greet", exact=True).click()

    result = page.get_by_label("Node greet").locator(".node-result")
    expect(result.get_by_text("Completed")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Trace", exact=True).click()
    expect(page.get_by_role("treeitem", name=re.compile("^tidy, Node"))).to_be_visible()


def test_a_chat_remembers_what_was_said(page: Page, house: House):
    make(house, "talked", "chat")
    opened(page, house, "talked?tab=chat")
    question = page.get_by_role("textbox", name="Question")

    for text in ("What is a fox?", "And a wolf?"):
        question.fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".talk-said").last.get_by_text(text)).to_be_visible(timeout=60_000)
    page.reload()

    expect(page.locator(".talk-said:not(.mine)")).to_have_count(2)
    runs = house.call("GET", f"{house.scope}/smalt/flows/talked/runs?tests=true")["value"]
    line = house.call("GET", f"{house.scope}/smalt/flowRuns/{runs[0]['job']}/lines/0")
    assert line["inputs"]["chat_history"][0]["inputs"] == {"question": "What is a fox?"}


def test_a_question_is_not_lost_when_the_next_one_comes_before_its_answer(page: Page, house: House):
    make(house, "patient", "chat")
    opened(page, house, "patient?tab=chat")
    # How the run fares is not told until the second question was typed.
    page.route("**/smalt/flowRuns/**", lambda route: None)
    question, said = page.get_by_role("textbox", name="Question"), page.locator(".talk-said.mine")

    for text in ("What is a fox?", "And a wolf?"):
        question.fill(text)
        page.keyboard.press("Enter")
        expect(said).to_have_text("What is a fox?")
    page.unroute("**/smalt/flowRuns/**")
    page.reload()

    expect(page.locator(".talk-said:not(.mine) a")).to_be_visible(timeout=60_000)
    expect(said).to_have_text(["What is a fox?"])


def test_a_flow_is_cloned_and_given_to_another_workspace(page: Page, house: House):
    make(house, "given", "chat")
    house.smalt("workspace", "create", "--name", "neighbours")
    opened(page, house, "given").get_by_role("button", name="Clone", exact=True).click()
    page.get_by_role("dialog").get_by_label("Name").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("given-copy")

    opened(page, house, "given").get_by_role("button", name="Share").click()
    expect(page.get_by_role("dialog")).to_contain_text("/studio/flows/given?wsid=")
    page.get_by_label("Copy it to another workspace").select_option("neighbours")
    page.get_by_role("button", name="Copy the flow").click()

    expect(page).to_have_url(re.compile("neighbours"))
    expect(page.get_by_role("heading", level=1)).to_have_text("given")
    copied = house.call("GET", f"{house.scope.rpartition('/')[0]}/neighbours/smalt/flows/given")
    assert copied["clonedFrom"]["flow"] == "given"


def test_a_prompty_is_talked_with(page: Page, house: House):
    make(house, "talked-prompty", "prompty")
    page.goto(f"{house.url}/studio/flows/talked-prompty?tab=chat")
    page.get_by_role("textbox", name="Question").fill("green tea")

    page.get_by_role("button", name="Send").click()

    expect(page.locator(".talk-said:not(.mine) a")).to_be_visible(timeout=60_000)


def test_of_two_people_nobody_overwrites_the_other(page: Page, house: House):
    make(house, "shared", "classification")
    opened(page, house, "shared")
    page.get_by_label("Value of temperature").fill("0.9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved: flow.dag.yaml")).to_be_visible()

    save(house, "shared", {"flow.dag.yaml": "# theirs\n" + text_of(house, "shared", "flow.dag.yaml")}, "by another")
    page.get_by_role("button", name="Bring both together").click()
    expect(page.get_by_text("by another")).to_be_visible()
    page.get_by_role("button", name="Go on with both").click()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved as version 3.").first).to_be_visible()
    text = text_of(house, "shared", "flow.dag.yaml")
    assert text.startswith("# theirs\n")
    assert "temperature: 0.9" in text


def test_who_has_nothing_unsaved_sees_at_once_what_another_saved(page: Page, house: House):
    make(house, "followed", "chat")
    opened(page, house, "followed?file=answer.jinja2").locator(".cm-content").wait_for()

    save(house, "followed", {"answer.jinja2": "# system:\nNow it says something else.\n"})

    expect(page.locator(".cm-content")).to_contain_text("Now it says something else.")
    expect(page.get_by_text("Version 2", exact=True)).to_be_visible()


def test_an_older_version_is_compared_and_restored(page: Page, house: House):
    make(house, "restored", "chat")
    first = text_of(house, "restored", "answer.jinja2")
    save(house, "restored", {"answer.jinja2": "other\n", "more.txt": "more\n"}, "worse")
    opened(page, house, "restored?tab=history")
    expect(page.get_by_label("Version 2", exact=True).first).to_be_visible()

    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Restore").click()

    expect(page.get_by_role("cell", name="Restored version 1")).to_be_visible()
    assert text_of(house, "restored", "answer.jinja2") == first
    files = house.call("GET", f"{house.scope}/smalt/flows/restored/versions/3/files")["value"]
    assert "more.txt" not in [file["path"] for file in files]


def test_variants_are_added_and_answer_side_by_side(page: Page, house: House):
    make(house, "varied", "classification")
    opened(page, house, "varied?tab=variants")
    page.get_by_text("Values to try with").click()
    page.get_by_label("Value of text").first.fill("Bake the flour and salt in the oven.")

    page.get_by_role("button", name="Add a variant").click()
    page.get_by_role("dialog").get_by_label("Name").fill("third")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make third the default").click()
    page.get_by_role("button", name="Run all variants").click()

    expect(page.locator(".variants .node-result").get_by_text("Completed")).to_have_count(3, timeout=60_000)
    expect(page.get_by_label("Answer: third category").get_by_text("cooking")).to_be_visible()


def test_a_flow_is_run_over_data_and_judged_and_runs_are_compared(page: Page, house: House, labelled: str):
    make(house, "sorter", "classification")
    make(house, "judge", "evaluation")
    opened(page, house, "sorter?tab=runs&begin=yes")
    page.get_by_role("combobox", name="Data", exact=True).select_option(labelled)
    expect(page.get_by_label("Source of text")).to_have_value("${data.text}")
    for variant in ("described", "bare"):
        page.get_by_label(f"classify.{variant}").check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("cell", name="2 / 2")).to_have_count(2, timeout=60_000)

    page.get_by_role("row", name=re.compile("classify.described")).get_by_role("link").first.click()
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_label("Source of prediction").fill("${run.outputs.category}")
    page.keyboard.press("Enter")
    page.locator(".form").get_by_role("button", name="Evaluate").click()
    expect(page.get_by_text("accuracy").first).to_be_visible(timeout=60_000)

    opened(page, house, "sorter?tab=runs")
    for row in range(2):
        page.get_by_role("checkbox", name=re.compile("^Select")).nth(row).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row", name=re.compile("^accuracy"))).to_contain_text("1")


def test_a_flow_is_run_over_a_file_of_this_machine(page: Page, house: House):
    make(house, "sorter_of_files", "classification")
    opened(page, house, "sorter_of_files?tab=runs&begin=yes")
    lines = "".join(json.dumps(line) + "\n" for line in LINES).encode()

    file = {"name": "my texts.jsonl", "mimeType": "application/jsonl", "buffer": lines}
    page.get_by_label("Upload a file").and_(page.locator("input")).set_input_files(file)

    expect(page.get_by_label("Address")).to_have_value(re.compile("^azureml://datastores/.*/LocalUpload/"))
    expect(page.get_by_label("Source of text")).to_have_value("${data.text}")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("cell", name="2 / 2")).to_be_visible(timeout=60_000)


def test_a_version_is_deployed(page: Page, house: House):
    make(house, "deployed", "standard")
    opened(page, house, "deployed?tab=deploy")

    page.get_by_role("button", name="Deploy", exact=True).click()

    expect(page.locator(".facts").get_by_text("Succeeded")).to_be_visible(timeout=120_000)
    endpoint = house.call("GET", f"{house.scope}/onlineEndpoints/deployed")
    assert endpoint["properties"]["traffic"] == {"blue": 100}
    expect(page.get_by_role("cell", name="blue")).to_be_visible()


def test_an_experiment_is_started_and_what_its_nodes_measure_stands_side_by_side(
    page: Page, house: House, tmp_path: Path
):
    house.smalt("flow", "init", "--template", "classification", "--flow", str(tmp_path / "sort"), "--yes")
    node = {"name": "sorted", "type": "flow", "path": "sort", "inputs": {"text": "${data.articles.text}"}}
    template = {"data": [{"name": "articles", "path": "sort/data.jsonl"}], "nodes": [node]}
    (tmp_path / "two.exp.yaml").write_text(json.dumps(template))
    house.smalt("flow", "experiment", "create", "--template", str(tmp_path), "--name", "two")

    page.goto(f"{house.url}/studio/flows?tab=experiments")
    page.get_by_role("link", name="two", exact=True).click()
    expect(page.get_by_text("It was not started yet.")).to_be_visible()
    expect(page.locator(".react-flow__node")).to_have_count(1)
    page.get_by_role("button", name="Start").click()
    page.locator("form").get_by_role("button", name="Start").click()

    row = page.get_by_role("row", name=re.compile("^sorted: lines.completed"))
    expect(row).to_contain_text("6", timeout=60_000)
