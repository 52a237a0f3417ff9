"""The same search from Python: `python sweep.py`, with a server running (`smalt up --detach`)."""

from pathlib import Path

from smalt import (
    BanditPolicy,
    Choice,
    LogUniform,
    MLClient,
    Output,
    QUniform,
    RandomSamplingAlgorithm,
    command,
)
from smalt.entities import Environment

here = Path(__file__).parent
client = MLClient()

train = command(
    code=here / "src",
    command="python train.py --family linear --alpha ${{inputs.alpha}} --pixels ${{inputs.pixels}} "
    "--folds ${{inputs.folds}} --model ${{outputs.model}}",
    environment=Environment(
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", conda_file=str(here / "environment.yml")
    ),
    inputs={"alpha": 1e-4, "pixels": 56, "folds": 5},
    outputs={"model": Output(type="custom_model")},
    experiment_name="sweep-example",
)
sweep = train(alpha=LogUniform(-9, 0), pixels=QUniform(8, 56, q=8), folds=Choice([3, 5])).sweep(
    primary_metric="accuracy",
    goal="maximize",
    sampling_algorithm=RandomSamplingAlgorithm(seed=17),
    max_total_trials=2,
    max_concurrent_trials=2,
    early_termination_policy=BanditPolicy(slack_factor=0.15, delay_evaluation=2),
)
job = client.jobs.create_or_update(sweep)
client.jobs.stream(job.name)
best = client.jobs.get(job.name).properties["best_child_run_id"]
print("submit the best one again with", client.jobs.get(best).tags["hyperparameters"])
