"""A notebook of prompt flow, as a script: a batch, its evaluation, its details."""

import subprocess

from promptflow.client import PFClient

for template in ("classification", "evaluation"):
    subprocess.run(["smalt", "flow", "init", "--template", template, "--flow", template, "--yes"], check=True)

pf = PFClient()
base = pf.run(flow="classification", data="classification/data.jsonl", variant="${classify.described}")
judged = pf.run(
    flow="evaluation",
    data="classification/data.jsonl",
    run=base,
    column_mapping={"prediction": "${run.outputs.category}", "truth": "${data.truth}"},
)
print(pf.get_details(judged))
print(pf.get_metrics(judged))
