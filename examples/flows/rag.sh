#!/bin/sh
# Questions about the documents of a folder.
set -eu
smalt flow init --template rag --flow rag --yes
smalt flow test --flow rag --inputs question="Who can read the key that seals secrets?"
smalt run create --flow rag --data rag/data.jsonl --name questions --column-mapping question='${data.question}'
smalt run create --flow smalt.flows.evaluators:Groundedness --run questions --name grounded \
  --column-mapping response='${run.outputs.answer}' context='${run.outputs.sources}'
smalt run show-metrics --name grounded
