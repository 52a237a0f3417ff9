#!/bin/sh
# Brings a model in, serves it, asks it, trains it further, and compares the two. See README.md.
set -e
cd "$(dirname "$0")"

smalt catalog compare SmolLM2-135M-Instruct Qwen2.5-0.5B-Instruct --output table
smalt catalog import-model -n SmolLM2-135M-Instruct --stream "$@" > /dev/null
smalt serverless-endpoint create -f endpoint.yml > /dev/null
"${PYTHON:-python}" ask.py smol "What is smalt?"
smalt job create -f finetune.yml --stream > /dev/null
smalt job create -f compare.yml --stream > /dev/null
smalt model list -n smol-of-smalt --query "[0].{name: name, version: version}"
smalt serverless-endpoint delete -n smol -y
