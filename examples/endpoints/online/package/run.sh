#!/bin/sh
# A model packed with its script and its software, served as one thing, and written as an image's build context.
set -eu
cd "$(dirname "$0")"
smalt environment create -f environment.yml --query id -o tsv
smalt model create -n iris-rules -p ../script/rules --type custom_model --query id -o tsv
version=$(smalt model show -n iris-rules --label latest --query version -o tsv)
smalt model package -n iris-rules -v "$version" -f package.yml --context "${CONTEXT:-./image}" --query id -o tsv
smalt online-endpoint create -f endpoint.yml --query scoring_uri -o tsv
smalt online-deployment create -f deployment.yml --all-traffic --query model -o tsv
smalt online-endpoint invoke -n irises-packed -r ../script/request.json
echo "docker build -t irises ${CONTEXT:-./image} && docker run -p 5001:5001 irises"
