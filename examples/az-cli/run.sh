#!/usr/bin/env bash
# From sign-in to a registered model with nothing but `az`, as a script for Azure would be written.
#
#     eval "$(smalt env --az)"
#     bash examples/az-cli/run.sh
set -e
cd "$(dirname "${BASH_SOURCE[0]}")"

# <sign_in>
az login --service-principal -u "$AZURE_CLIENT_ID" -p "$AZURE_CLIENT_SECRET" --tenant "$AZURE_TENANT_ID" --only-show-errors
SUBSCRIPTION=$(az account show --query id -o tsv)
az account set --subscription "$SUBSCRIPTION"
az extension add -n ml -y
az configure --defaults group="$AZUREML_ARM_RESOURCEGROUP" workspace="$AZUREML_ARM_WORKSPACE_NAME"
LOCATION=$(az ml workspace show --query location | tr -d '\r"')
echo "workspace in $LOCATION"
# </sign_in>

# <assets>
az ml data create --name petals --version 1 --path data/petals.csv --type uri_file
az ml environment create --file environment.yml
az ml environment list --query "[].name" -o tsv
az ml compute list --query "[].name" -o tsv
# </assets>

# <job>
run_id=$(az ml job create --file job.yml --set inputs.rounds=3 tags.by=az --query name -o tsv)
if [[ -z "$run_id" ]]; then
  echo "Job creation failed"
  exit 3
fi
az ml job stream --name "$run_id"
status=$(az ml job show --name "$run_id" --query status -o tsv)
echo "job ended as $status"
if [[ "$status" != "Completed" ]]; then
  exit 4
fi
az ml job download --name "$run_id" --all --download-path "${TMPDIR:-/tmp}/$run_id"
test -f "${TMPDIR:-/tmp}/$run_id/artifacts/model/MLmodel"
# </job>

# <model>
az ml model create --name petals --version 1 --type mlflow_model \
  --path "azureml://jobs/$run_id/outputs/artifacts/paths/model/"
az ml model show --name petals --version 1 --query type -o tsv
# </model>

# <archive>
az ml model archive --name petals --version 1
test -z "$(az ml model list --name petals --query '[].version' -o tsv)"
az ml model restore --name petals --version 1
test "$(az ml model list --name petals --query '[].version' -o tsv)" = 1
az ml job archive --name "$run_id"
az ml job restore --name "$run_id"
# </archive>

echo "done: petals:1 from $run_id"
