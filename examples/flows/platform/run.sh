#!/bin/sh
# Two flows as steps of a pipeline, on the server; then one of them as an endpoint that chat clients can talk with.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
smalt flow init --template classification --flow classification --yes
smalt flow init --template evaluation --flow evaluation --yes
smalt flow init --template chat --flow chat --yes
cp "$here"/*.yml .
smalt job create -f pipeline.yml --stream
smalt online-endpoint create -f endpoint.yml
smalt online-deployment create -f deployment.yml --all-traffic
printf '{"question": "What is a flow?"}' > question.json
smalt online-endpoint invoke -n talk --request-file question.json
