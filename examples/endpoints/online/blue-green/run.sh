#!/bin/sh
# A second version behind the same address: tried with copies, then with a part of the requests, then with all.
set -eu
cd "$(dirname "$0")"
smalt online-endpoint create -f endpoint.yml --query scoring_uri -o tsv
smalt online-deployment create -f blue.yml --all-traffic --query provisioning_state -o tsv
smalt online-deployment create -f green.yml --query provisioning_state -o tsv
smalt online-endpoint invoke -n greeter -r request.json
# Whoever names a deployment gets it, whatever the traffic says.
smalt online-endpoint invoke -n greeter -d green -r request.json
# Half of the requests are copied to green; nobody sees its answers.
smalt online-endpoint update -n greeter --mirror-traffic "green=50" --query mirror_traffic -o json
smalt online-endpoint invoke -n greeter -r request.json
smalt online-endpoint update -n greeter --mirror-traffic "green=0" --traffic "blue=90 green=10" --query traffic -o json
smalt online-endpoint update -n greeter --traffic "green=100" --query traffic -o json
smalt online-endpoint invoke -n greeter -r request.json
# Back to what it was, in one command.
smalt online-endpoint rollback -n greeter --query traffic -o json
smalt online-deployment get-logs -e greeter -n blue --lines 5
