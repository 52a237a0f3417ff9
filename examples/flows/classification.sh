#!/bin/sh
# Two variants of a prompt over labelled data, each evaluated; then what failed is looked at.
set -eu
smalt flow init --template classification --flow classification --yes
smalt flow init --template evaluation --flow evaluation --yes
smalt run create --flow classification --data classification/data.jsonl --name sorted --variant all \
  --evaluation evaluation --evaluation-mapping prediction='${run.outputs.category}' truth='${data.truth}'
smalt run show-details --name sorted_described
smalt run visualize --name sorted_described,sorted_bare --html-path compared.html --skip-open-browser
