"""Pipelines in Python. Each is read twice: as it stands, for the official client, and with our names in the imports."""

from pathlib import Path

from azure.ai.ml import Input, Output, command, load_component
from azure.ai.ml.dsl import pipeline
from azure.ai.ml.dsl._condition import condition
from azure.ai.ml.dsl._do_while import do_while
from azure.ai.ml.dsl._group_decorator import group
from azure.ai.ml.dsl._parallel_for import parallel_for
from azure.ai.ml.entities import CommandJobLimits, JobResourceConfiguration
from azure.ai.ml.parallel import RunFunction, parallel_run_function

HERE = Path(__file__).parent
prepare = load_component(HERE / "prepare.yml")
train = load_component(source=str(HERE / "train.yml"))
FOLDER = Input(type="uri_folder", path=str(HERE / "data"))


def case_steps_named_by_variables():
    @pipeline(name="steps", description="Three steps.", default_compute="local", tags={"a": "b"})
    def steps(raw: Input(type="uri_folder"), epochs: int = 3, word="x"):
        cleaned = prepare(raw=raw, ratio=0.3, note=word)
        first = train(data=cleaned.outputs.clean, epochs=epochs)
        train(data=cleaned.outputs.clean, epochs=2, lr=0.5)
        train(data=cleaned.outputs.clean, epochs=2)
        return {"model": first.outputs.model, "metrics": first.outputs.metrics}

    return steps(raw=FOLDER, epochs=7)


def case_settings_of_steps():
    @pipeline
    def settings(raw, where="other"):
        one = prepare(raw=raw)
        one.compute = where
        one.environment_variables = {"LEVEL": "1"}
        one.limits = CommandJobLimits(timeout=60)
        one.outputs.clean.mode = "upload"
        one.display_name = "First"
        two = train(data=one.outputs.clean, epochs=1)
        two.name = "renamed"
        two.resources = JobResourceConfiguration(instance_count=3, shm_size="2g")
        two.inputs.data.mode = "ro_mount"
        two.outputs.model = Output(type="mlflow_model", path="azureml://datastores/workspaceblobstore/paths/m/")
        return {"model": two.outputs.model}

    made = settings(FOLDER)
    made.settings.default_compute = "local"
    made.settings.force_rerun = True
    made.outputs.model.mode = "upload"
    return made


def case_nested_functions():
    @pipeline()
    def inner(raw: Input(type="uri_folder"), epochs: int):
        cleaned = prepare(raw=raw)
        trained = train(data=cleaned.outputs.clean, epochs=epochs)
        return {"model": trained.outputs.model}

    @pipeline(default_compute="local", continue_on_step_failure=False)
    def outer(raw: Input(type="uri_folder"), epochs: int = 2):
        left = inner(raw=raw, epochs=epochs)
        right = inner(raw=raw, epochs=5)
        return {"left": left.outputs.model, "right": right.outputs.model}

    return outer(raw=FOLDER)


def case_commands_as_steps():
    say = command(
        name="say",
        command="echo ${{inputs.word}} ${{inputs.count}} > ${{outputs.said}}/a",
        environment="azureml:plain:1",
        inputs={"word": Input(type="string"), "count": 3},
        outputs={"said": Output(type="uri_folder", mode="rw_mount")},
        environment_variables={"A": "1"},
        compute="other",
        instance_count=2,
        timeout=30,
    )
    show = command(
        command="ls ${{inputs.said}}",
        code=str(HERE / "src"),
        environment="azureml:plain:1",
        inputs={"said": Input(type="uri_folder")},
    )

    @pipeline(default_compute="local")
    def commands(word: str):
        said = say(word=word)
        show(said=said.outputs.said)
        show(said=said)

    return commands(word="hello")


def case_a_step_is_searched():
    @pipeline(default_compute="local")
    def searched():
        trial = train(data=FOLDER, epochs=1)
        best = trial.sweep(
            primary_metric="accuracy",
            goal="maximize",
            sampling_algorithm="random",
            max_total_trials=4,
            max_concurrent_trials=2,
            timeout=600,
        )
        return {"model": best.outputs.model}

    return searched()


def case_a_parallel_step():
    batches = parallel_run_function(
        name="batches",
        inputs={"files": Input(type="uri_folder", mode="ro_mount")},
        outputs={"rows": Output(type="uri_file", mode="rw_mount")},
        input_data="${{inputs.files}}",
        instance_count=2,
        max_concurrency_per_instance=2,
        mini_batch_size="5",
        mini_batch_error_threshold=1,
        retry_settings={"max_retries": 2, "timeout": 60},
        logging_level="INFO",
        task=RunFunction(
            code=str(HERE / "src"),
            entry_script="train.py",
            environment="azureml:plain:1",
            append_row_to="${{outputs.rows}}",
        ),
    )

    @pipeline(default_compute="local")
    def parallel(files: Input(type="uri_folder")):
        step = batches(files=files)
        return {"rows": step.outputs.rows}

    return parallel(files=FOLDER)


def case_text_is_joined():
    @pipeline(default_compute="local")
    def joined(raw: Input(type="uri_folder"), word: str = "x"):
        prepare(raw=raw, note="say " + word + "!")

    return joined(raw=FOLDER)


def case_names_of_shared_components():
    @pipeline(default_compute="local")
    def many(raw: Input(type="uri_folder")):
        for _ in range(3):
            prepare(raw=raw)
        step = train(data=raw, epochs=1)
        for epochs in (2, 3):
            train(data=raw, epochs=epochs)
        return step.outputs

    return many(raw=FOLDER)


decide = load_component(HERE / "decide.yml")


def case_a_branch():
    @pipeline(default_compute="local")
    def branch(raw: Input(type="uri_folder")):
        decided = decide(raw=raw)
        yes = prepare(raw=raw)
        no = train(data=raw, epochs=1)
        condition(condition=decided.outputs.go, true_block=yes, false_block=no)

    return branch(raw=FOLDER)


def case_a_loop():
    @pipeline()
    def body(raw: Input(type="uri_folder")):
        decided = decide(raw=raw)
        return {"go": decided.outputs.go, "next": decided.outputs.next}

    @pipeline(default_compute="local")
    def loop(raw: Input(type="uri_folder")):
        once = body(raw=raw)
        do_while(
            body=once,
            mapping={"next": once.inputs.raw},
            max_iteration_count=3,
            condition=once.outputs.go,
        )

    return loop(raw=FOLDER)


def case_once_per_item():
    @pipeline(default_compute="local")
    def each(raw: Input(type="uri_folder")):
        body = train(data=raw)
        every = parallel_for(body=body, items=[{"epochs": 1}, {"epochs": 2}])
        prepare(raw=every.outputs.model)

    return each(raw=FOLDER)


def case_groups_of_inputs():
    @group
    class Training:
        epochs: int = 2
        lr: float = 0.5

    @pipeline(default_compute="local")
    def grouped(raw: Input(type="uri_folder"), training: Training):
        train(data=raw, epochs=training.epochs, lr=training.lr)

    return grouped(raw=FOLDER, training=Training(epochs=9))
