"""Pipelines of real commands: order, data between steps, nesting, failure, loops and branches."""

from __future__ import annotations

import pytest

from smalt.entities.job.status import JobStatus
from smalt.executors.fake import FakeExecutor
from smalt.kit import clock
from smalt.server import jobs
from tests.server.pipelines.conftest import ENVIRONMENT, command, literal


def test_data_and_values_flow_from_step_to_step(works):
    record = works.complete(
        "flow",
        {
            "make": command(
                "echo ${{inputs.word}} > ${{outputs.note}}",
                inputs={"word": "${{parent.inputs.word}}"},
                outputs={"note": {"type": "uri_file"}},
            ),
            "use": command(
                "cat ${{inputs.note}} | tr a-z A-Z > ${{outputs.loud}}/loud.txt",
                inputs={"note": literal("${{parent.jobs.make.outputs.note}}")},
                outputs={"loud": {"type": "literal", "value": "${{parent.outputs.result}}"}},
            ),
        },
        inputs={"word": {"jobInputType": "literal", "value": "hello"}},
        outputs={"result": {"jobOutputType": "uri_folder"}},
    )

    folder = works.plant.local_path(f"{record.pinned['outputs']['result']}")
    assert record.status is JobStatus.COMPLETED
    assert (folder / "loud.txt").read_text() == "HELLO\n"
    assert works.graph("flow")["use"]["needs"] == ["make"]


def test_steps_start_in_the_order_of_the_file(works, loop, executor):
    names = [f"step{number}" for number in (3, 1, 5, 2, 4, 0)]

    works.submit("p", {name: command("one") for name in names})
    works.plant.run_to_end(loop, "p")

    assert [plan.environment["AZUREML_RUN_ID"] for plan in executor.started] == [f"p_{name}" for name in names]


def test_steps_that_earlier_ones_set_free_together_start_in_the_order_of_the_file(works):
    def steps(text):
        made = {
            name: command(f"echo {name} > ${{{{outputs.o}}}}", outputs={"o": {"type": "uri_file"}}) for name in "ab"
        }
        bound = {name: {"i": literal(f"${{{{parent.jobs.{name}.outputs.o}}}}")} for name in "ba"}
        return {**made, **{f"after_{name}": command(text, inputs=inputs) for name, inputs in bound.items()}}

    works.complete("first", steps("cat ${{inputs.i}}"))
    works.complete("again", steps("tail ${{inputs.i}}"))  # `a` and `b` are reused, and done in one turn.

    assert [child.name for child in works.children("again")] == ["again_a", "again_b", "again_after_b", "again_after_a"]


def test_children_are_ordinary_jobs_of_whoever_submitted_the_pipeline(works):
    works.complete("p", {"only": command("echo hi")})

    child = works.plant.record("p_only")
    listed = works.pages.get(f"/history/v1.0{works.plant.scope}/runs/p/children").json()["value"]
    assert (child.parent, child.root, child.display_name, child.experiment) == ("p", "p", "only", "tests")
    assert child.created_by == works.plant.record("p").created_by
    assert [run["runId"] for run in listed] == ["p_only"]


def test_a_component_is_run_with_its_defaults_and_types(works):
    component = works.component(
        "greet",
        command="echo ${{inputs.count}} ${{inputs.flag}} $[[--name ${{inputs.name}}]] > ${{outputs.out}}/x",
        inputs={
            "count": {"type": "integer", "default": "3"},
            "flag": {"type": "boolean", "default": False},
            "name": {"type": "string", "optional": True},
        },
        outputs={"out": {"type": "uri_folder"}},
    )

    works.complete("p", {"step": {"componentId": component, "inputs": {"flag": literal("true")}}})

    place = works.plant.record("p_step").pinned["outputs"]["out"]
    assert (works.plant.local_path(place) / "x").read_text() == "3 True\n"


def test_pipelines_nest(works):
    inner = works.component(
        "inner",
        type="pipeline",
        inputs={"word": {"type": "string"}},
        outputs={"out": {"type": "uri_file"}},
        jobs={
            "say": command(
                "echo ${{inputs.w}} > ${{outputs.o}}",
                inputs={"w": "${{parent.inputs.word}}"},
                outputs={"o": "${{parent.outputs.out}}"},
            )
        },
    )

    works.complete(
        "p",
        {
            "nested": {"type": "pipeline", "componentId": inner, "inputs": {"word": literal("deep")}},
            "after": command(
                "cat ${{inputs.f}} > ${{outputs.copy}}",
                inputs={"f": literal("${{parent.jobs.nested.outputs.out}}")},
                outputs={"copy": {"type": "uri_file"}},
            ),
        },
    )

    graph = works.graph("p")
    assert works.plant.record("p").error is None
    assert works.text("p_after", "copy") == "deep"
    assert [step["name"] for step in graph["nested"]["steps"]] == ["say"]
    assert works.plant.record("p_nested_say").root == "p"


def test_a_component_may_say_where_its_data_is(works):
    place = "azureml://datastores/workspaceblobstore/paths/word.txt"
    works.plant.local_path(place).parent.mkdir(parents=True, exist_ok=True)
    works.plant.local_path(place).write_text("by default\n")
    say = command(
        "cat ${{inputs.w}} > ${{outputs.o}}",
        inputs={"w": "${{parent.inputs.word}}"},
        outputs={"o": "${{parent.outputs.out}}"},
    )
    inner = works.component(
        "inner",
        type="pipeline",
        inputs={"word": {"type": "uri_file", "default": place}},
        outputs={"out": {"type": "uri_file"}},
        jobs={"say": say},
    )

    nested = works.complete("p", {"nested": {"type": "pipeline", "componentId": inner}})
    alone = works.complete("q", {}, componentId=inner)

    assert (nested.error, alone.error) == (None, None)
    assert works.text("p_nested_say", "o") == works.text("q_say", "o") == "by default"


def test_steps_that_need_nothing_of_a_failed_one_still_run(works):
    steps = {
        "bad": command("echo no luck; exit 3"),
        "needs_bad": command("true", inputs={"x": literal("${{parent.jobs.bad.outputs.o}}")}),
        "free": command("true"),
    }
    steps["bad"]["outputs"] = {"o": {}}

    record = works.complete("p", steps)

    assert record.status is JobStatus.FAILED
    assert "1 of 3 steps failed. step 'bad' (job p_bad): The command exited with code 3" in record.error["message"]
    assert works.statuses("p") == {"bad": "Failed", "needs_bad": "Skipped", "free": "Completed"}


def test_with_continue_on_step_failure_false_the_rest_is_canceled(works):
    record = works.complete(
        "p",
        {"bad": command("exit 1"), "slow": command("sleep 600")},
        settings={"continue_on_step_failure": False},
    )

    assert record.status is JobStatus.FAILED
    assert works.statuses("p") == {"bad": "Failed", "slow": "Canceled"}


def test_a_step_is_tried_again_as_often_as_it_may(works, tmp_path):
    text = f"echo x >> {tmp_path}/tries; test $(wc -l < {tmp_path}/tries) -ge 3"

    record = works.complete("p", {"shaky": command(text, retry_settings={"max_retries": 2})})

    assert record.status is JobStatus.COMPLETED
    assert works.graph("p")["shaky"]["attempt"] == 3


def test_what_begins_and_what_ends_a_pipeline(works, tmp_path):
    steps = {
        "work": command(f"echo work >> {tmp_path}/log; exit 1"),
        "begin": command(f"echo begin >> {tmp_path}/log"),
        "end": command(f"echo end >> {tmp_path}/log"),
    }

    record = works.complete("p", steps, settings={"on_init": "begin", "on_finalize": "end"})

    assert (tmp_path / "log").read_text().split() == ["begin", "work", "end"]
    assert record.status is JobStatus.FAILED


@pytest.mark.parametrize(("flag", "ran", "skipped"), [("true", "yes", "no"), ("False", "no", "yes")])
def test_a_branch_is_taken_by_a_value_that_a_step_has_written(works, flag, ran, skipped):
    decide = works.component(
        "decide", command=f"echo {flag} > ${{{{outputs.ok}}}}", outputs={"ok": {"type": "boolean"}}
    )
    steps = {
        "decide": {"componentId": decide},
        "branch": {
            "type": "if_else",
            "condition": "${{parent.jobs.decide.outputs.ok}}",
            "true_block": "${{parent.jobs.yes}}",
            "false_block": ["${{parent.jobs.no}}"],
        },
        "yes": command("true"),
        "no": command("true"),
    }

    works.complete("p", steps)

    states = works.statuses("p")
    assert (states[ran], states[skipped]) == ("Completed", "Skipped")


@pytest.fixture
def counting(works):
    """Steps that count to three."""
    body = works.component(
        "count",
        command="n=$((${{inputs.n}} + 1)); echo $n > ${{outputs.next}}; test $n -lt 3 && echo true > ${{outputs.more}} "
        "|| echo false > ${{outputs.more}}",
        inputs={"n": {"type": "integer"}},
        outputs={"next": {"type": "integer"}, "more": {"type": "boolean"}},
    )
    return {
        "body": {"componentId": body, "inputs": {"n": literal("0")}},
        "loop": {
            "type": "do_while",
            "body": "${{parent.jobs.body}}",
            "condition": "more",
            "mapping": {"${{parent.jobs.body.outputs.next}}": ["n"]},
            "limits": {"max_iteration_count": 10},
        },
        "after": command("test ${{inputs.n}} = 3", inputs={"n": literal("${{parent.jobs.body.outputs.next}}")}),
    }


def test_a_loop_goes_on_while_its_body_says_so(works, counting):
    record = works.complete("p", counting)

    assert record.status is JobStatus.COMPLETED
    assert works.whole_graph("p")["durationSeconds"] == (record.ended_at - record.started_at).total_seconds()
    assert [run["iteration"] for run in works.graph("p")["loop"]["iterations"]] == [0, 1, 2]


def test_a_loop_whose_iterations_are_all_reused_waits_for_nothing(works, counting):
    works.complete("first", counting)
    works.submit("second", counting)

    turns = works.plant.loop(FakeExecutor(), jobs.Hints())
    while turns.run_once(clock.now()) or works.plant.record("second").status is JobStatus.STARTING:
        pass

    assert works.plant.record("second").status is JobStatus.COMPLETED
    assert works.whole_graph("second")["durationSeconds"] > 0
    assert [run["reuse"]["from"] for run in works.graph("second")["loop"]["iterations"]] == [
        "first_loop_0",
        "first_loop_1",
        "first_loop_2",
    ]


def test_a_body_runs_once_for_each_item_and_what_all_wrote_is_one_table(works):
    body = works.component(
        "square",
        command="echo $((${{inputs.n}} * ${{inputs.n}})) | tee ${{outputs.out}}/n > ${{outputs.value}}",
        inputs={"n": {"type": "integer"}},
        outputs={"out": {"type": "uri_folder"}, "value": {"type": "integer"}},
    )
    steps = {
        "body": {"componentId": body},
        "each": {
            "type": "parallel_for",
            "body": "${{parent.jobs.body}}",
            "items": '[{"n": 2}, {"n": 3}]',
            "max_concurrency": 1,
        },
        "after": command(
            "test '${{inputs.all}}' = '[\"4\", \"9\"]' && grep -c folder ${{inputs.table}}/MLTable",
            inputs={
                "all": literal("${{parent.jobs.each.outputs.value}}"),
                "table": literal("${{parent.jobs.each.outputs.out}}"),
            },
        ),
    }

    record = works.complete("p", steps)

    assert record.status is JobStatus.COMPLETED, record.error


def test_a_canceled_pipeline_leaves_no_step_running(works, plant, machine, hints):
    works.submit("p", {"slow": command("sleep 600"), "later": command("true", inputs={})})
    loop = plant.loop(machine, hints)
    plant.run_until(loop, lambda: plant.record("p").status is JobStatus.RUNNING)
    plant.run_until(loop, lambda: plant.record("p_slow").status is JobStatus.RUNNING)

    works.pages.post(f"{plant.scope}/jobs/p/cancel")
    plant.run_to_end(loop, "p")

    assert plant.record("p").status is JobStatus.CANCELED
    assert plant.record("p_slow").status is JobStatus.CANCELED
    loop.close()


def test_the_log_of_a_pipeline_tells_what_became_of_each_step(works):
    works.complete("p", {"good": command("true"), "bad": command("exit 4")})

    details = works.pages.get(f"/history/v1.0{works.plant.scope}/runs/p/details").json()
    log = (works.plant.artifacts("p") / "logs/azureml/executionlogs.txt").read_text()
    assert "logs/azureml/executionlogs.txt" in details["logFiles"]
    assert "step good started as job p_good, not reused: it has not run before" in log
    assert "step good completed" in log
    assert "step bad failed: The command exited with code 4" in log


def test_the_log_numbers_the_runs_of_a_loop(works):
    steps = {
        "each": {"type": "parallel_for", "body": "${{parent.jobs.body}}", "items": '[{"i": "a"}, {"i": "b"}]'},
        "body": command("echo ${{inputs.i}}", inputs={"i": literal("?")}),
    }

    works.complete("p", steps)

    log = (works.plant.artifacts("p") / "logs/azureml/executionlogs.txt").read_text()
    assert "step each[0] completed" in log
    assert "step each[1] completed" in log


def test_a_list_may_leave_out_the_steps_of_pipelines(works):
    works.submit("p", {"one": command("echo hi")})

    whole, brief = (
        works.pages.get(f"{works.plant.scope}/jobs{query}").json()["value"][0] for query in ("", "?withoutSteps=true")
    )

    assert list(whole["properties"]["jobs"]) == ["one"]
    assert "jobs" not in brief["properties"]
    assert brief["properties"]["displayName"] == whole["properties"]["displayName"]


def test_a_steps_job_tells_what_its_component_is_called_even_if_that_was_registered_without_a_name(works):
    path = f"{works.plant.scope}/components/azureml_anonymous/versions/some-digest"
    spec = {"name": "clean", "type": "command", "environment": ENVIRONMENT, "command": "true"}
    works.pages.put(path, json={"properties": {"componentSpec": spec, "isAnonymous": True}})
    registered = works.component("train", command="true")

    works.complete("p", {"a": {"type": "command", "componentId": path}, "b": {"type": "command",
                         "componentId": registered}, "c": command("true")})  # fmt: skip

    names = [works.plant.record(f"p_{step}").properties["azureml.moduleName"] for step in "abc"]
    assert names == ["clean", "train", "c"]
    # It is a word of the component: in a job it would be a field that nobody knows, with a warning in its log.
    assert "own_name" not in works.plant.record("p_a").document
