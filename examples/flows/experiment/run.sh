#!/bin/sh
# An experiment: a command and two flows, each over what those before it gave. Started again, it runs only what has changed.
set -eu
smalt flow init --template classification --flow classification --yes
smalt flow init --template evaluation --flow evaluation --yes
cp "$(dirname "$0")/compare.exp.yaml" .
smalt experiment test --template compare.exp.yaml
smalt experiment create --template compare.exp.yaml --name compare
smalt experiment start --name compare --stream
smalt experiment start --name compare --inputs lines=2 --stream
smalt experiment show --name compare --query node_runs
