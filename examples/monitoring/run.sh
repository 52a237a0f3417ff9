#!/bin/sh
# From a trained model to its monitor, from a breach to the next version, and that one deployed: the whole loop.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)

train=$(smalt job create --file train.yml --query name --output tsv)
smalt job stream --name "$train"
smalt job download --name "$train" --output-name table --download-path "$work"
table=$(find "$work" -name irises.csv)

smalt online-endpoint create --file endpoint.yml --output none
smalt online-deployment create --file deployment.yml --all-traffic --output none
smalt schedule create --file monitor.yml --output none
smalt schedule create --file retrain.yml --output none

look() {  # asks the endpoint about flowers that have grown by so much, and runs the monitor
  python3 flowers.py "$table" "$1" "$work/flowers.json"
  smalt online-endpoint invoke --name iris --request-file "$work/flowers.json" > /dev/null
  sleep 2  # collected rows are written once in a while
  run=$(smalt schedule trigger --name iris-monitor --query job_name --output tsv)
  smalt job stream --name "$run" > /dev/null
  until smalt monitor runs --name iris-monitor --query "[0].state" --output tsv | grep -qv running; do sleep 0.2; done
}

look 0
echo "As they were: $(smalt monitor runs --name iris-monitor --query '[0].signals' --output tsv)"
look 3
echo "Grown: $(smalt monitor runs --name iris-monitor --query '[0].signals' --output tsv)"
smalt monitor results --name iris-monitor --breached --output table

until fired=$(smalt schedule jobs iris-retrain --query "[0].job_name" --output tsv) && [ -n "$fired" ]; do sleep 0.5; done
smalt job stream --name "$fired"
smalt online-deployment update --name blue --endpoint-name iris --set model=azureml:iris@latest --output none
echo "The endpoint answers with $(smalt online-deployment show --name blue --endpoint-name iris --query model --output tsv)"
