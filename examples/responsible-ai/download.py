"""With the official SDK: submit the pipeline, wait, and bring the dashboard and the scorecard here."""

import sys

from azure.ai.ml import MLClient, load_job
from azure.identity import DefaultAzureCredential

client = MLClient.from_config(DefaultAzureCredential())
job = client.jobs.create_or_update(load_job("pipeline.yml"))
client.jobs.stream(job.name)
steps = {step.display_name: step.name for step in client.jobs.list(parent_job_name=job.name)}
target = sys.argv[1] if len(sys.argv) > 1 else "."
client.jobs.download(steps["gather"], output_name="ux_json", download_path=target)
client.jobs.download(steps["scorecard"], output_name="scorecard", download_path=target)
