"""The verbs of `az ml` for the nouns served here with their long options, and which of them smalt does not offer."""

from __future__ import annotations

AZ_VERBS: dict[str, dict[str, list[str]]] = {
    "job": {
        "archive": "--name".split(),
        "cancel": "--name".split(),
        "connect-ssh": "--name --node-index --private-key-file-path".split(),
        "create": "--file --name --save-as --set --skip-validation --stream --web".split(),
        "download": "--name --all --download-path --output-name".split(),
        "list": "--all-results --archived-only --include-archived --max-results --parent-job-name".split(),
        "restore": "--name".split(),
        "show": "--name --web".split(),
        "show-services": "--name --node-index".split(),
        "stream": "--name".split(),
        "update": "--name --add --force-string --remove --set --web".split(),
        "validate": "--file --set".split(),
    },
    "data": {
        "archive": "--name --label --version".split(),
        "create": (
            "--datastore --description --file --name --no-wait --path --registry-name --set --skip-"
            "validation --type --version"
        ).split(),
        "import": ("--datastore --description --file --name --path --set --skip-validation --type --version").split(),
        "list": "--archived-only --include-archived --max-results --name --registry-name".split(),
        "list-materialization-status": (
            "--all-results --archived-only --include-archived --max-results --name"
        ).split(),
        "mount": "--path --mode --mount-point --persistent".split(),
        "restore": "--name --label --version".split(),
        "share": "--name --registry-name --share-with-name --share-with-version --version".split(),
        "show": "--name --label --registry-name --version".split(),
        "update": "--name --add --force-string --label --registry-name --remove --set --version".split(),
    },
    "model": {
        "archive": "--name --label --registry-name --version".split(),
        "create": (
            "--datastore --description --file --name --no-wait --path --registry-name --set --stage --tags "
            "--type --version"
        ).split(),
        "download": "--name --version --download-path --registry-name".split(),
        "list": "--archived-only --include-archived --max-results --name --registry-name --stage".split(),
        "package": "--file --name --version --registry-name".split(),
        "restore": "--name --label --registry-name --version".split(),
        "share": "--name --registry-name --share-with-name --share-with-version --version".split(),
        "show": "--name --label --registry-name --version".split(),
        "update": ("--name --add --force-string --label --registry-name --remove --set --stage --version").split(),
    },
    "environment": {
        "archive": "--name --label --registry-name --version".split(),
        "create": (
            "--build-context --conda-file --datastore --description --dockerfile-path --file --image --name "
            "--no-wait --os-type --registry-name --set --tags --version"
        ).split(),
        "list": "--archived-only --include-archived --max-results --name --registry-name".split(),
        "restore": "--name --label --registry-name --version".split(),
        "share": "--name --registry-name --share-with-name --share-with-version --version".split(),
        "show": "--name --label --registry-name --version".split(),
        "update": "--name --add --force-string --label --registry-name --remove --set --version".split(),
    },
    "component": {
        "archive": "--name --label --registry-name --version".split(),
        "create": "--file --name --registry-name --set --skip-validation --version".split(),
        "list": "--archived-only --include-archived --max-results --name --registry-name".split(),
        "prepare-for-sign": "--file --registry-name".split(),
        "restore": "--name --label --registry-name --version".split(),
        "show": "--name --label --registry-name --version".split(),
        "update": "--name --add --force-string --label --registry-name --remove --set --version".split(),
    },
    "datastore": {
        "create": "--file --name --set".split(),
        "delete": "--name".split(),
        "list": "--max-results".split(),
        "mount": "--path --mode --mount-point --persistent".split(),
        "show": "--name".split(),
        "update": "--add --file --force-string --name --remove --set".split(),
    },
    "compute": {
        "attach": (
            "--admin-password --admin-username --file --identity-type --name --namespace --no-wait "
            "--resource-id --ssh-port --ssh-private-key-file --type --user-assigned-identities"
        ).split(),
        "connect-ssh": "--name --private-key-file-path".split(),
        "create": (
            "--admin-password --admin-username --description --enable-node-public-ip --file --identity-type "
            "--idle-time-before-scale-down --location --max-instances --min-instances --name --no-wait --set "
            "--size --ssh-key-value --ssh-public-access-enabled --subnet --tags --tier --type --user-"
            "assigned-identities --user-object-id --user-tenant-id --vnet-name"
        ).split(),
        "delete": "--name --no-wait --yes".split(),
        "detach": "--name --no-wait --yes".split(),
        "enable-sso": "--name --disable".split(),
        "list": "--max-results --type".split(),
        "list-nodes": "--name".split(),
        "list-sizes": "--location --type".split(),
        "list-usage": "--location".split(),
        "restart": "--name --no-wait".split(),
        "show": "--name".split(),
        "start": "--name --no-wait".split(),
        "stop": "--name --no-wait".split(),
        "update": (
            "--name --add --force-string --identity-type --idle-time-before-scale-down --max-instances "
            "--min-instances --no-wait --remove --set --tags --user-assigned-identities"
        ).split(),
    },
    "workspace": {
        "create": (
            "--allow-roleassignment-on-rg --application-insights --container-registry --default-resource-"
            "group --description --display-name --enable-data-isolation --file --hub-id --image-build-"
            "compute --key-vault --kind --location --managed-network --name --no-wait --primary-user-"
            "assigned-identity --provision-network-now --public-network-access --set --storage-account "
            "--system-datastores-auth-mode --tags --update-dependent-resources"
        ).split(),
        "delete": "--name --all-resources --no-wait --permanently-delete --yes".split(),
        "diagnose": "--name --no-wait".split(),
        "list": "--filtered-kinds --max-results".split(),
        "list-keys": "--name".split(),
        "outbound-rule list": "".split(),
        "outbound-rule remove": "--rule --no-wait --yes".split(),
        "outbound-rule set": (
            "--rule --type --address-prefixes --destination --fqdns --no-wait --port-ranges --protocol "
            "--service-resource-id --service-tag --spark-enabled --subresource-target"
        ).split(),
        "outbound-rule show": "--rule".split(),
        "provision-network": "--name --include-spark --no-wait".split(),
        "show": "--name".split(),
        "sync-keys": "--name --no-wait".split(),
        "update": (
            "--name --add --allow-roleassignment-on-rg --application-insights --container-registry "
            "--description --display-name --file --force-string --image-build-compute --managed-network "
            "--network-acls --no-wait --primary-user-assigned-identity --public-network-access --remove "
            "--set --system-datastores-auth-mode --update-dependent-resources"
        ).split(),
    },
    "connection": {
        "create": "--file --name --populate-secrets --set".split(),
        "delete": "--name --yes".split(),
        "list": "--max-results --populate-secrets --type".split(),
        "show": "--name --populate-secrets".split(),
        "update": "--name --add --force-string --populate-secrets --remove --set".split(),
    },
    "online-endpoint": {
        "create": "--auth-mode --file --local --name --no-wait --set --web".split(),
        "delete": "--name --local --no-wait --yes".split(),
        "get-credentials": "--name".split(),
        "invoke": "--name --deployment-name --local --request-file".split(),
        "list": "--local".split(),
        "regenerate-keys": "--name --key-type --no-wait".split(),
        "show": "--name --local --web".split(),
        "update": (
            "--add --file --force-string --local --mirror-traffic --name --no-wait --remove --set --traffic --web"
        ).split(),
    },
    "online-deployment": {
        "create": (
            "--file --all-traffic --endpoint-name --local --local-enable-gpu --name --no-wait --package-model --set "
            "--skip-script-validation --vscode-debug --web"
        ).split(),
        "delete": "--endpoint-name --name --local --no-wait --yes".split(),
        "get-logs": "--endpoint-name --name --container --lines --local".split(),
        "list": "--endpoint-name --local".split(),
        "show": "--endpoint-name --name --local --web".split(),
        "update": (
            "--add --endpoint-name --file --force-string --local --local-enable-gpu --name --no-wait --remove --set "
            "--skip-script-validation --vscode-debug --web"
        ).split(),
    },
    "batch-endpoint": {
        "create": "--file --name --no-wait --set".split(),
        "delete": "--name --no-wait --yes".split(),
        "invoke": (
            "--name --deployment-name --experiment-name --file --input --input-type --inputs --instance-count "
            "--job-name --mini-batch-size --output-path --outputs --set"
        ).split(),
        "list": [],
        "list-jobs": "--name".split(),
        "show": "--name".split(),
        "update": "--add --defaults --file --force-string --name --no-wait --remove --set".split(),
    },
    "batch-deployment": {
        "create": "--file --endpoint-name --name --no-wait --set --set-default --skip-script-validation".split(),
        "delete": "--endpoint-name --name --no-wait --yes".split(),
        "list": "--endpoint-name".split(),
        "list-jobs": "--endpoint-name --name".split(),
        "show": "--endpoint-name --name".split(),
        "update": "--add --endpoint-name --file --force-string --name --no-wait --remove --set".split(),
    },
    "schedule": {
        "create": "--file --name --no-wait --set".split(),
        "delete": "--name --no-wait".split(),
        "disable": "--name --no-wait".split(),
        "enable": "--name --no-wait".split(),
        "list": "--disabled-only --include-disabled --max-results".split(),
        "show": "--name".split(),
        "trigger": "--name".split(),
        "update": "--name --add --force-string --no-wait --remove --set".split(),
    },
    "serverless-endpoint": {
        "create": "--file --name --no-wait --set".split(),
        "delete": "--name --no-wait".split(),
        "get-credentials": "--name".split(),
        "list": [],
        "regenerate-keys": "--name --key-type --no-wait".split(),
        "show": "--name".split(),
        "update": "--name --add --force-string --no-wait --remove --set".split(),
    },
    "marketplace-subscription": {
        "create": "--file --name --no-wait --set".split(),
        "delete": "--name --no-wait".split(),
        "list": [],
        "show": "--name".split(),
    },
    "registry": {
        "create": "--display-name --file --name --no-wait --public-network-access --set --tags".split(),
        "delete": "--name".split(),
        "list": "--max-results".split(),
        "show": "--name".split(),
        "update": (
            "--add --display-name --file --force-string --name --no-wait --public-network-access --remove --set --tags"
        ).split(),
    },
}

_NETWORK = "No managed network stands round a workspace here."
_SSH = "Jobs and computes are processes of machines one can reach by other means."
_MOUNT = "On local storage a mount is the folder itself; jobs mount what they need."

REASONS: dict[str, dict[str, str]] = {
    "job": {"connect-ssh": _SSH},
    "data": {
        "import": "Data import jobs come with pipelines.",
        "list-materialization-status": "Data import jobs come with pipelines.",
        "mount": _MOUNT,
    },
    "component": {"prepare-for-sign": "Signatures of components are checked by no one here."},
    "datastore": {"mount": _MOUNT},
    "compute": {"connect-ssh": _SSH},
    "workspace": {
        "outbound-rule list": _NETWORK,
        "outbound-rule remove": _NETWORK,
        "outbound-rule set": _NETWORK,
        "outbound-rule show": _NETWORK,
        "provision-network": _NETWORK,
        "create --managed-network": _NETWORK,
        "create --provision-network-now": _NETWORK,
        "update --managed-network": _NETWORK,
        "update --network-acls": _NETWORK,
        "create --allow-roleassignment-on-rg": "Roles are given by this server.",
        "update --allow-roleassignment-on-rg": "Roles are given by this server.",
        "create --default-resource-group": "Groups are names here.",
        "create --update-dependent-resources": "A workspace depends on no other resources here.",
        "update --update-dependent-resources": "A workspace depends on no other resources here.",
    },
}
"""What smalt does not offer, and why."""

NOT_OFFERED = {noun: set(left_out) for noun, left_out in REASONS.items()}
