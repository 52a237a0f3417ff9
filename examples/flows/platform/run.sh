#!/bin/sh
# Two flows as steps of a pipeline, on the server, and in an experiment that is started twice; then one of them as an endpoint
# that chat clients can talk with.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
smalt flow init --template classification --flow classification --yes
smalt flow init --template evaluation --flow evaluation --yes
smalt flow init --template chat --flow chat --yes
cp "$here"/*.yml "$here"/../experiment/compare.exp.yaml .
smalt job create -f pipeline.yml --stream
smalt flow experiment create --template compare.exp.yaml --name compare
smalt flow experiment start --name compare --stream
smalt flow experiment start --name compare --inputs lines=2 --stream
smalt flow experiment compare --name compare -o table
smalt online-endpoint create -f endpoint.yml
smalt online-deployment create -f deployment.yml --all-traffic
printf '{"question": "What is a flow?"}' > question.json
smalt online-endpoint invoke -n talk --request-file question.json
