"""Bodies as the official SDK sends them, and unknown keys at every modelled level."""

import json

_TRAILING = {
    "inputDataType": "Trailing",
    "dataContext": "model_inputs",
    "columns": {"correlation_id": "id"},
    "jobInputType": "mltable",
    "uri": "/e/versions/1",
    "windowSize": "P7D",
    "windowOffset": "P0D",
    "preprocessingComponentId": "/c/versions/1",
}
_FIXED = {"inputDataType": "Fixed", "dataContext": "training", "jobInputType": "uri_folder", "uri": "/e/versions/2"}
_STATIC = {
    **_FIXED,
    "inputDataType": "Static",
    "windowStart": "2026-01-01T00:00:00.000Z",
    "windowEnd": "2026-01-08T00:00:00.000Z",
}
_LLM = {**{key: value for key, value in _TRAILING.items() if key != "preprocessingComponentId"}, "dataContext": None}


def _limit(metric, value, **more):
    return {"metric": metric, "threshold": {"value": value}, **more}


MONITOR = {
    "computeConfiguration": {
        "computeType": "ServerlessSpark",
        "runtimeVersion": "3.4",
        "instanceType": "standard_e4s_v3",
        "computeIdentity": {"computeIdentityType": "AmlToken"},
    },
    "monitoringTarget": {"deploymentId": "/s/onlineEndpoints/e/deployments/d", "taskType": "Classification"},
    "signals": {
        "drift": {
            "signalType": "DataDrift",
            "mode": "Enabled",
            "productionData": _TRAILING,
            "referenceData": _FIXED,
            "features": {"filterType": "TopNByAttribution", "top": 10},
            "featureDataTypeOverride": {"age": "categorical"},
            "dataSegment": {"feature": "sex", "values": ["f"]},
            "metricThresholds": [
                _limit("normalizedWassersteinDistance", 0.1, dataType="Numerical"),
                _limit("pearsonsChiSquaredTest", 0.02, dataType="Categorical"),
            ],
            "properties": {"p": "q"},
            "futureKey": 1,
        },
        "answers": {
            "signalType": "PredictionDrift",
            "mode": "Disabled",
            "modelType": "classification",
            "productionData": _TRAILING,
            "referenceData": _STATIC,
            "metricThresholds": [_limit("jensenShannonDistance", 0.1, dataType="Categorical")],
        },
        "quality": {
            "signalType": "DataQuality",
            "mode": "Disabled",
            "features": {"filterType": "FeatureSubset", "features": ["a", "b"]},
            "metricThresholds": [_limit("nullValueRate", 0.0, dataType="Numerical")],
        },
        "attribution": {
            "signalType": "FeatureAttributionDrift",
            "mode": "Enabled",
            "productionData": [_TRAILING],
            "referenceData": _FIXED,
            "metricThreshold": _limit("normalizedDiscountedCumulativeGain", 0.9),
        },
        "performance": {
            "signalType": "ModelPerformance",
            "mode": "Enabled",
            "productionData": [_TRAILING],
            "referenceData": _FIXED,
            "metricThreshold": _limit("Accuracy", 0.9, modelType="Classification"),
            "properties": {
                "azureml.modelmonitor.model_performance_thresholds": json.dumps(
                    [
                        {"modelType": "classification", **_limit("Accuracy", 0.9)},
                        {"modelType": "regression", **_limit("RootMeanSquaredError", 2.0)},
                    ]
                )
            },
        },
        "judged": {
            "signalType": "GenerationSafetyQuality",
            "mode": "Enabled",
            "productionData": [_LLM],
            "workspaceConnectionId": "judge",
            "samplingRate": 0.5,
            "metricThresholds": [
                _limit("AcceptableGroundednessScorePerInstance", 3.0),
                _limit("AggregatedGroundednessPassRate", 0.7),
            ],
        },
        "tokens": {
            "signalType": "GenerationTokenStatistics",
            "mode": "Disabled",
            "productionData": _LLM,
            "samplingRate": 0.1,
            "metricThresholds": [_limit("TotalTokenCount", 0.0), _limit("TotalTokenCountPerGroup", 0.0)],
        },
        "own": {
            "signalType": "Custom",
            "mode": "Enabled",
            "componentId": "/c/versions/1",
            "inputAssets": {"test": _FIXED},
            "inputs": {"more": {"jobInputType": "uri_file", "uri": "/e/versions/3"}},
            "metricThresholds": [_limit("std_dev", 2.0)],
            "workspaceConnection": {"environmentVariables": {"A": "b"}, "secrets": {}},
        },
    },
    "alertNotificationSetting": {
        "alertNotificationType": "Email",
        "emailNotificationSetting": {"emails": ["a@b.c"], "emailOn": ["JobFailed", "JobCompleted"]},
    },
}

SAMPLES = {
    "jobs": [
        {
            "properties": {
                "jobType": "Command",
                "displayName": "j1",
                "experimentName": "work",
                "command": "python main.py",
                "codeId": "/subscriptions/s/codes/c/versions/1",
                "environmentId": "/e/versions/1",
                "computeId": "/computes/cpu",
                "inputs": {
                    "lr": {"jobInputType": "literal", "value": "0.1"},
                    "q": {"jobInputType": "literal", "value": "1", "description": "d", "futureKey": 1},
                    "d": {
                        "jobInputType": "uri_file",
                        "uri": "azureml://datastores/workspaceblobstore/paths/a.csv",
                        "futureKey": 2,
                    },
                },
                "outputs": {"o": {"jobOutputType": "uri_folder", "mode": "Upload", "assetName": "reg"}},
                "distribution": {"distributionType": "Mpi", "processCountPerInstance": 2},
                "resources": {"instanceCount": 2, "shmSize": "4g", "properties": {}, "dockerArgsList": ["a"]},
                "limits": {"jobLimitsType": "Command", "timeout": "PT1H"},
                "queueSettings": {"jobTier": "Standard", "priority": 2},
                "identity": {"identityType": "UserIdentity"},
                "services": {
                    "s1": {
                        "jobServiceType": "SSH",
                        "nodes": {"nodesValueType": "All"},
                        "properties": {"sshPublicKeys": "k", "o": "p"},
                    }
                },
                "environmentVariables": {"X": "1"},
                "tags": {},
                "properties": {},
                "isArchived": False,
                "futureThing": {"aB": 1},
            }
        },
        {
            "properties": {
                "jobType": "Sweep",
                "searchSpace": {
                    "lr": ["loguniform", [-6, -1]],
                    "bs": ["choice", [[16, 32]]],
                    "q": ["quniform", [1, 9, 2]],
                    "r": ["randint", [5]],
                },
                "samplingAlgorithm": {"samplingAlgorithmType": "Random", "seed": 1, "rule": "Sobol"},
                "limits": {
                    "jobLimitsType": "Sweep",
                    "maxTotalTrials": 4,
                    "maxConcurrentTrials": 2,
                    "timeout": "PT2H",
                    "trialTimeout": "PT10M",
                },
                "earlyTermination": {
                    "policyType": "TruncationSelection",
                    "evaluationInterval": 0,
                    "delayEvaluation": 1,
                    "truncationPercentage": 20,
                },
                "objective": {"goal": "Maximize", "primaryMetric": "acc"},
                "trial": {
                    "codeId": "c",
                    "command": "x",
                    "environmentId": "e",
                    "environmentVariables": {},
                    "resources": {"instanceCount": 1},
                    "distribution": {"distributionType": "PyTorch", "processCountPerInstance": 1},
                },
            }
        },
        {
            "properties": {
                "jobType": "Pipeline",
                "computeId": "c",
                "settings": {
                    "default_datastore": "x",
                    "continue_on_step_failure": True,
                    "force_rerun": False,
                    "_source": "YAML.JOB",
                },
                "inputs": {
                    "raw": {"jobInputType": "uri_folder", "uri": "azureml://datastores/x", "mode": "ReadOnlyMount"},
                    "epochs": {"jobInputType": "literal", "value": "3"},
                },
                "outputs": {"model_dir": {"jobOutputType": "uri_folder", "mode": "ReadWriteMount"}},
                "jobs": {
                    "train": {
                        "name": "train",
                        "type": "command",
                        "componentId": "/x",
                        "computeId": "x",
                        "_source": "REMOTE.WORKSPACE.COMPONENT",
                        "n": None,
                    }
                },
            }
        },
        {
            "properties": {
                "jobType": "Pipeline",
                "jobs": {
                    "prep": {
                        "resources": {"instance_count": 2, "shm_size": "3g"},
                        "distribution": {"process_count_per_instance": 2, "distribution_type": "PyTorch"},
                        "limits": {"timeout": "PT1M", "job_limits_type": "Command"},
                        "environment_variables": {"A": "1", "B": "${{parent.inputs.lr}}"},
                        "queue_settings": {"job_tier": "Standard"},
                        "name": "prep",
                        "type": "command",
                        "display_name": "Prep it",
                        "tags": {"t": 1},
                        "computeId": "other",
                        "inputs": {
                            "data": {"value": "${{parent.inputs.raw}}", "job_input_type": "literal"},
                            "lr": {"value": "${{parent.inputs.lr}}", "job_input_type": "literal"},
                            "k": {"value": "5", "job_input_type": "literal"},
                            "extra": {"uri": "d:1", "mode": "ReadOnlyMount", "job_input_type": "uri_file"},
                        },
                        "outputs": {
                            "clean": {
                                "uri": "azureml://datastores/workspaceblobstore/paths/${{name}}/",
                                "mode": "Upload",
                                "job_output_type": "uri_folder",
                            }
                        },
                        "_source": "REMOTE.WORKSPACE.COMPONENT",
                        "componentId": "prep:1",
                        "identity": {"identity_type": "UserIdentity"},
                    },
                    "train": {
                        "name": "train",
                        "type": "command",
                        "inputs": {
                            "d": {
                                "value": "${{parent.jobs.prep.outputs.clean}}",
                                "job_input_type": "literal",
                                "mode": "Download",
                            }
                        },
                        "outputs": {"model": {"value": "${{parent.outputs.model_dir}}", "type": "literal"}},
                        "_source": "YAML.JOB",
                        "componentId": "/subscriptions/s/components/azureml_anonymous/versions/1",
                    },
                    "hp": {
                        "limits": {"max_concurrent_trials": 2, "max_total_trials": 4, "timeout": 600},
                        "sampling_algorithm": "random",
                        "objective": {"goal": "maximize", "primary_metric": "acc"},
                        "early_termination": {
                            "delay_evaluation": 0,
                            "evaluation_interval": 0,
                            "slack_factor": 0.1,
                            "policy_type": "Bandit",
                        },
                        "search_space": {"lr": {"type": "uniform", "min_value": 0.1, "max_value": 0.9}},
                        "name": "hp",
                        "type": "sweep",
                        "inputs": {
                            "data": {"value": "${{parent.jobs.prep.outputs.clean}}", "job_input_type": "literal"}
                        },
                        "outputs": {"model": {"job_output_type": "uri_folder"}},
                        "_source": "REMOTE.WORKSPACE.COMPONENT",
                        "trial": {"componentId": "t:1"},
                    },
                    "par": {
                        "type": "parallel",
                        "resources": {"instance_count": 2},
                        "error_threshold": -1,
                        "mini_batch_error_threshold": 5,
                        "max_concurrency_per_instance": 2,
                        "task": {
                            "type": "run_function",
                            "code": "src",
                            "entry_script": "s.py",
                            "program_arguments": "--a 1",
                            "append_row_to": "${{outputs.o}}",
                            "environment": "azureml:e:1",
                        },
                        "input_data": "${{inputs.files}}",
                        "name": "par",
                        "computeId": "cpu",
                        "inputs": {
                            "files": {
                                "value": "${{parent.jobs.prep.outputs.clean}}",
                                "job_input_type": "literal",
                                "mode": "ReadOnlyMount",
                            }
                        },
                        "outputs": {"o": {"mode": "ReadWriteMount", "job_output_type": "uri_file"}},
                        "_source": "YAML.JOB",
                        "componentId": "/subscriptions/s/components/azureml_anonymous/versions/1",
                        "retry_settings": {"timeout": 60, "max_retries": 2},
                        "logging_level": "DEBUG",
                        "mini_batch_size": 10,
                    },
                    "nested": {
                        "name": "nested",
                        "type": "pipeline",
                        "inputs": {"a": {"value": "${{parent.jobs.train.outputs.model}}", "job_input_type": "literal"}},
                        "_source": "REMOTE.WORKSPACE.COMPONENT",
                        "componentId": "pc:1",
                    },
                    "am": {
                        "name": "am",
                        "tags": {},
                        "properties": {},
                        "type": "automl",
                        "outputs": {"best_model": {"job_output_type": "mlflow_model"}},
                        "log_verbosity": "info",
                        "training_data": "${{parent.jobs.prep.outputs.clean}}",
                        "limits": {"max_trials": 2},
                        "target_column_name": "y",
                        "task": "classification",
                        "primary_metric": "accuracy",
                        "training": {},
                    },
                    "sp": {
                        "type": "spark",
                        "resources": {"instance_type": "standard_e4s_v3", "runtime_version": "3.3"},
                        "identity": {"identity_type": "UserIdentity"},
                        "name": "sp",
                        "inputs": {"a": {"value": "${{parent.inputs.raw}}", "job_input_type": "literal"}},
                        "_source": "REMOTE.WORKSPACE.COMPONENT",
                        "componentId": "s:1",
                    },
                    "cond": {
                        "type": "if_else",
                        "condition": "${{parent.inputs.flag}}",
                        "true_block": "${{parent.jobs.one}}",
                        "false_block": "${{parent.jobs.two}}",
                        "_source": "DSL",
                    },
                    "loop": {
                        "body": "${{parent.jobs.body}}",
                        "type": "do_while",
                        "condition": "cond",
                        "mapping": {"${{parent.jobs.body.outputs.next}}": ["x"]},
                        "limits": {"max_iteration_count": 3},
                        "_source": "DSL",
                    },
                    "each": {
                        "body": "${{parent.jobs.pb}}",
                        "type": "parallel_for",
                        "items": '[{"x": 1}, {"x": 2}]',
                        "_source": "DSL",
                    },
                },
                "inputs": {
                    "raw": {
                        "uri": "azureml://datastores/workspaceblobstore/paths/a/",
                        "mode": "Download",
                        "jobInputType": "uri_folder",
                    },
                    "lr": {"value": "0.1", "jobInputType": "literal"},
                    "n": {"value": "3", "jobInputType": "literal"},
                },
                "outputs": {
                    "model_dir": {"assetName": "reg", "jobOutputType": "mlflow_model", "assetVersion": "3"},
                    "other": {"jobOutputType": "uri_folder"},
                },
                "settings": {
                    "default_compute": "cpu",
                    "default_datastore": "workspaceblobstore",
                    "continue_on_step_failure": False,
                    "force_rerun": True,
                    "on_init": "init_job",
                    "on_finalize": "fin",
                    "_source": "YAML.JOB",
                },
            }
        },
        {
            "properties": {
                "jobType": "Parallel",
                "inputs": {"files": {"jobInputType": "uri_folder", "uri": "azureml://x", "mode": "ReadOnlyMount"}},
                "outputs": {"rows": {"jobOutputType": "uri_file", "mode": "ReadWriteMount"}},
                "inputData": "${{inputs.files}}",
                "task": {
                    "type": "RunFunction",
                    "codeId": "/c/versions/1",
                    "entryScript": "score.py",
                    "programArguments": "--x 1",
                    "appendRowTo": "${{outputs.rows}}",
                    "environmentId": "/e/versions/1",
                    "futureKey": 1,
                },
                "miniBatchSize": "10kb",
                "partitionKeys": ["a"],
                "resources": {"instanceCount": 2},
                "maxConcurrencyPerInstance": 2,
                "retrySettings": {"maxRetries": 2, "timeout": "PT1M"},
                "errorThreshold": -1,
                "miniBatchErrorThreshold": 5,
                "loggingLevel": "DEBUG",
                "environmentVariables": {"A": "1"},
            }
        },
        {
            "properties": {
                "jobType": "AutoML",
                "computeId": "cpu-cluster",
                "taskDetails": {
                    "taskType": "Classification",
                    "targetColumnName": "y",
                    "trainingData": {"uri": "azureml://datastores/x/paths/t", "jobInputType": "mltable"},
                    "validationData": {"uri": "azureml://datastores/x/paths/v", "jobInputType": "mltable"},
                    "validationDataSize": 0.2,
                    "weightColumnName": "w",
                    "positiveLabel": "yes",
                    "primaryMetric": "AUCWeighted",
                    "logVerbosity": "Debug",
                    "nCrossValidations": {"value": 3, "mode": "Custom"},
                    "featurizationSettings": {
                        "mode": "custom",
                        "blockedTransformers": ["WordEmbedding", "WoETargetEncoder"],
                        "columnNameAndTypes": {"c": "Categorical"},
                        "transformerParams": {
                            "Imputer": [{"fields": ["job"], "parameters": {"strategy": "most_frequent"}}]
                        },
                    },
                    "limitSettings": {
                        "enableEarlyTermination": True,
                        "exitScore": 0.92,
                        "maxTrials": 40,
                        "maxCoresPerTrial": -1,
                        "timeout": "PT3H",
                        "trialTimeout": "PT20M",
                        "sweepConcurrentTrials": 0,
                    },
                    "trainingSettings": {
                        "enableModelExplainability": True,
                        "allowedTrainingAlgorithms": ["GradientBoosting", "XGBoostClassifier"],
                        "stackEnsembleSettings": {"stack_meta_learner_type": "LogisticRegression"},
                        "ensembleModelDownloadTimeout": "PT5H",
                        "trainingMode": "Auto",
                    },
                    "futureThing": {"aB": 1},
                },
                "resources": {"instanceCount": 1},
                "outputs": {},
            }
        },
        {
            "properties": {
                "jobType": "AutoML",
                "taskDetails": {
                    "taskType": "Forecasting",
                    "targetColumnName": "y",
                    "trainingData": {"uri": "azureml://datastores/x/paths/t", "jobInputType": "mltable"},
                    "nCrossValidations": {"mode": "Auto"},
                    "primaryMetric": "R2Score",
                    "trainingSettings": {"blockedTrainingAlgorithms": ["TCNForecaster", "Naive"]},
                    "forecastingSettings": {
                        "timeColumnName": "t",
                        "timeSeriesIdColumnNames": ["a"],
                        "forecastHorizon": {"mode": "Auto"},
                        "targetLags": {"values": [1, 2], "mode": "Custom"},
                        "targetRollingWindowSize": {"value": 3, "mode": "Custom"},
                        "seasonality": {"value": 4, "mode": "Custom"},
                        "frequency": "W-THU",
                        "cvStepSize": 2,
                        "useStl": "season",
                        "featuresUnknownAtForecastTime": ["q"],
                    },
                },
            }
        },
        {
            "properties": {
                "jobType": "AutoML",
                "taskDetails": {
                    "taskType": "ImageClassification",
                    "targetColumnName": "label",
                    "trainingData": {"uri": "azureml://datastores/x/paths/t", "jobInputType": "mltable"},
                    "limitSettings": {"maxConcurrentTrials": 2, "timeout": "PT1H"},
                    "sweepSettings": {
                        "samplingAlgorithm": "random",
                        "earlyTermination": {"delayEvaluation": 6, "slackFactor": 0.2, "policyType": "Bandit"},
                    },
                    "modelSettings": {"earlyStopping": True},
                    "searchSpace": [
                        {"learningRate": "uniform(0.001,0.01)", "modelName": "choice('vitb16r224','resnet50')"}
                    ],
                    "primaryMetric": "Accuracy",
                },
            }
        },
        {
            "properties": {
                "jobType": "AutoML",
                "taskDetails": {
                    "taskType": "TextNER",
                    "trainingData": {"uri": "azureml://datastores/x/paths/t", "jobInputType": "mltable"},
                    "fixedParameters": {"modelName": "bert-base-cased"},
                    "searchSpace": [{"modelName": None, "weightDecay": "uniform(0.01,0.1)"}],
                    "primaryMetric": "Accuracy",
                },
            }
        },
        {
            "properties": {
                "jobType": "Spark",
                "codeId": "c",
                "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "a.py"},
                "pyFiles": ["x"],
                "conf": {"spark.a": "1"},
                "resources": {"instanceType": "a", "runtimeVersion": "3.2"},
                "inputs": {},
            }
        },
        {
            "properties": {
                "jobType": "FineTuning",
                "fineTuningDetails": {
                    "modelProvider": "Custom",
                    "taskType": "ChatCompletion",
                    "model": {"jobInputType": "mlflow_model", "uri": "azureml:m:1"},
                    "trainingData": {"jobInputType": "uri_file", "uri": "azureml:d:1"},
                    "hyperParameters": {"apply_lora": "true"},
                },
                "outputs": {"r": {"jobOutputType": "mlflow_model"}},
                "resources": {"instanceTypes": ["a"]},
            }
        },
    ],
    "data": [
        {
            "properties": {
                "dataType": "mltable",
                "dataUri": "azureml://x",
                "referencedUris": ["a"],
                "isAnonymous": False,
                "isArchived": False,
                "foo": 1,
                "tags": {"a": "b"},
                "properties": {},
            }
        }
    ],
    "models": [
        {
            "properties": {
                "modelType": "mlflow_model",
                "modelUri": "u",
                "flavors": {"python_function": {"data": {"a": "1"}}, "x": {"data": {}}},
                "jobName": "j",
                "stage": "Production",
                "datasets": [],
            }
        }
    ],
    "environments": [
        {
            "properties": {
                "image": "i",
                "condaFile": "name: x\n# c\n",
                "osType": "Linux",
                "inferenceConfig": {"livenessRoute": {"path": "/", "port": 5}},
                "environmentType": "UserCreated",
                "autoRebuild": "Disabled",
            }
        },
        {"properties": {"build": {"contextUri": "https://x", "dockerfilePath": "D", "z": 1}}},
    ],
    "codes": [{"properties": {"codeUri": "u", "isAnonymous": True, "properties": {"hash_sha256": "a"}}}],
    "components": [
        {
            "properties": {
                "componentSpec": {
                    "name": "n",
                    "version": 1,
                    "type": "command",
                    "inputs": {"x": {"type": "number", "default": "1e-3"}},
                    "outputs": {"y": None},
                    "_source": "YAML.COMPONENT",
                    "$schema": "s",
                },
                "isAnonymous": False,
                "properties": {"client_component_hash": "g"},
                "zed": 3,
            }
        },
        {
            "properties": {
                "componentSpec": {
                    "name": "nested",
                    "type": "pipeline",
                    "outputs": {"model": {"type": "uri_folder"}},
                    "jobs": {
                        "train": {
                            "name": "train",
                            "type": "command",
                            "componentId": "/x",
                            "inputs": {"lr": {"job_input_type": "literal", "value": "${{parent.inputs.lr}}"}},
                            "outputs": {"model": {"type": "literal", "value": "${{parent.outputs.model}}"}},
                        }
                    },
                },
                "isAnonymous": True,
            }
        },
    ],
    "containers": [
        {"properties": {"dataType": "uri_file", "latestVersion": "1", "nextVersion": "2", "isArchived": False}}
    ],
    "datastores": [
        {
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": "localhost:8443/blob/",
                "containerName": "c",
                "endpoint": "e",
                "protocol": "https",
                "credentials": {"credentialsType": "None"},
                "isDefault": True,
                "resourceGroup": "x",
            }
        },
        {
            "properties": {
                "datastoreType": "AzureDataLakeGen2",
                "accountName": "a",
                "filesystem": "f",
                "credentials": {
                    "credentialsType": "ServicePrincipal",
                    "clientId": "c",
                    "tenantId": "t",
                    "authorityUrl": "u",
                    "secrets": {"secretsType": "ServicePrincipal", "clientSecret": "s"},
                },
            }
        },
        {
            "properties": {
                "datastoreType": "S3",
                "bucket": "b",
                "credentials": {
                    "credentialsType": "AccessKey",
                    "accessKeyId": "k",
                    "secrets": {"secretsType": "AccessKey", "secretAccessKey": "s"},
                },
            }
        },
    ],
    "computes": [
        {
            "location": "l",
            "tags": {"a": "b"},
            "identity": {"type": "SystemAssigned", "principalId": "p"},
            "properties": {
                "computeType": "AmlCompute",
                "description": "d",
                "provisioningState": "Succeeded",
                "properties": {
                    "vmSize": "S",
                    "vmPriority": "Dedicated",
                    "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT2M"},
                    "remoteLoginPortPublicAccess": "NotSpecified",
                    "allocationState": "Steady",
                    "propertyBag": {},
                },
            },
        },
        {
            "properties": {
                "computeType": "Kubernetes",
                "properties": {"namespace": "n", "instanceTypes": {"d": {"nodeSelector": None}}},
            }
        },
        {
            "properties": {
                "computeType": "Ray",
                "properties": {"address": "http://head:8265", "maxConcurrentJobs": 2, "sharedEnvironments": True},
            }
        },
    ],
    "connections": [
        {
            "properties": {
                "authType": "ApiKey",
                "category": "AzureOpenAI",
                "target": "https://x",
                "isSharedToAll": True,
                "metadata": {"ApiVersion": "2024", "ApiType": "azure", "other": "1"},
                "credentials": {"key": "k"},
            }
        },
        {
            "properties": {
                "authType": "CustomKeys",
                "category": "CustomKeys",
                "target": "_",
                "metadata": {},
                "credentials": {"keys": {"a": "b"}},
            }
        },
        {"properties": {"authType": "SAS", "category": "Foo", "target": "_", "credentials": {"sas": "s"}}},
    ],
    "workspaces": [
        {
            "location": "l",
            "kind": "Default",
            "tags": {},
            "identity": {"type": "SystemAssigned"},
            "sku": {"name": "Basic"},
            "properties": {
                "friendlyName": "f",
                "mlFlowTrackingUri": "u",
                "discoveryUrl": "d",
                "workspaceId": "i",
                "storageAccount": "s",
                "publicNetworkAccess": "Enabled",
                "v1LegacyMode": False,
                "hbiWorkspace": False,
            },
        }
    ],
    "registries": [
        {"location": "l", "properties": {"regionDetails": [{"location": "l"}], "intellectualPropertyPublisher": "p"}}
    ],
    "schedules": [
        {
            "properties": {
                "displayName": "Nightly",
                "description": "d",
                "tags": {"a": "b"},
                "properties": {"p": "q", "smalt.missedRuns": "skip"},
                "isEnabled": True,
                "trigger": {
                    "triggerType": "Recurrence",
                    "frequency": "Week",
                    "interval": 1,
                    "startTime": "2022-07-10 10:00:00",
                    "endTime": "2032-07-10T10:00:00",
                    "timeZone": "Pacific Standard Time",
                    "schedule": {"hours": [4, 5], "minutes": [0, 30], "weekDays": ["Monday"], "monthDays": [1]},
                    "futureKey": 1,
                },
                "action": {
                    "actionType": "CreateJob",
                    "futureKey": {"aB": 1},
                    "jobDefinition": {
                        "jobType": "Command",
                        "command": "echo ${{inputs.n}}",
                        "environmentId": "/e/versions/1",
                        "inputs": {"n": {"jobInputType": "literal", "value": "1"}},
                    },
                },
            }
        },
        {
            "properties": {
                "trigger": {"triggerType": "Cron", "expression": "30 8 * * 1-5", "timeZone": "UTC"},
                "action": {
                    "actionType": "CreateJob",
                    "jobDefinition": {
                        "jobType": "Pipeline",
                        "sourceJobId": "/subscriptions/s/jobs/j",
                        "settings": {"force_rerun": True},
                        "inputs": {"n": {"jobInputType": "literal", "value": "1"}},
                    },
                },
            }
        },
        {
            "properties": {
                "properties": {"smalt.webhooks": '["chat"]'},
                "trigger": {"triggerType": "Asset", "assetType": "data", "name": "iris", "tags": {"stage": "gold"}},
                "action": {
                    "actionType": "CreateMonitor",
                    "monitorDefinition": MONITOR,
                },
            }
        },
        {
            "properties": {
                "trigger": {
                    "triggerType": "Event",
                    "event": "job_finished",
                    "status": ["Failed"],
                    "jobType": "command",
                },
                "action": {"actionType": "ImportData", "dataImportDefinition": {"dataType": "mltable"}},
            }
        },
    ],
}

_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"

SAMPLES["onlineEndpoints"] = [
    {
        "location": "local",
        "identity": {"type": "SystemAssigned"},
        "tags": {"team": "a"},
        "properties": {
            "authMode": "Key",
            "description": "scores",
            "properties": {
                "a": "1",
                "smalt.rollout": '{"max_error_rate": 0.1, "min_requests": 20, "watch_seconds": 600}',
            },
            "traffic": {"blue": 90, "green": 10},
            "mirrorTraffic": {"red": 30},
            "publicNetworkAccess": "Disabled",
            "someday": {"new": [1]},
        },
    },
    {"location": "local", "properties": {"authMode": "AMLToken", "compute": f"{_ID}/computes/k8s", "traffic": {}}},
]
SAMPLES["onlineDeployments"] = [
    {
        "location": "local",
        "tags": {},
        "sku": {"name": "Default", "capacity": 2, "tier": "Free"},
        "properties": {
            "endpointComputeType": "Managed",
            "model": f"{_ID}/models/m/versions/1",
            "codeConfiguration": {"codeId": f"{_ID}/codes/c/versions/1", "scoringScript": "score.py"},
            "environmentId": f"{_ID}/environments/e/versions/1",
            "environmentVariables": {"WORKER_COUNT": "2"},
            "appInsightsEnabled": True,
            "instanceType": "Standard_DS3_v2",
            "scaleSettings": {"scaleType": "Default"},
            "requestSettings": {
                "requestTimeout": "PT3.5S",
                "maxConcurrentRequestsPerInstance": 4,
                "maxQueueWait": "PT0.5S",
            },
            "livenessProbe": {
                "initialDelay": "PT10S",
                "period": "PT1M",
                "timeout": "PT2S",
                "failureThreshold": 3,
                "successThreshold": 1,
            },
            "dataCollector": {
                "collections": {
                    "model_inputs": {"dataCollectionMode": "Enabled", "samplingRate": 0.5, "dataId": f"{_ID}/data/d"},
                    "request": {"dataCollectionMode": "Disabled", "samplingRate": 0.5, "clientId": "x"},
                },
                "rollingRate": "Hour",
                "requestLogging": {"captureHeaders": ["aml-user-agent"]},
            },
            "egressPublicNetworkAccess": "Disabled",
            "properties": {"a": "b"},
        },
    },
    {
        "properties": {
            "endpointComputeType": "Kubernetes",
            "containerResourceRequirements": {
                "containerResourceRequests": {"cpu": "100m", "memory": "0.5Gi"},
                "containerResourceLimits": {"cpu": "1", "gpu": "1"},
            },
            "scaleSettings": {
                "scaleType": "TargetUtilization",
                "minInstances": 0,
                "maxInstances": 3,
                "pollingInterval": "PT1S",
                "targetUtilizationPercentage": 70,
            },
        },
    },
]
SAMPLES["batchEndpoints"] = [
    {"location": "local", "properties": {"authMode": "AADToken", "defaults": {"deploymentName": "a"}, "properties": {}}}
]
SAMPLES["batchDeployments"] = [
    {
        "location": "local",
        "tags": {"a": "b"},
        "properties": {
            "model": {"referenceType": "Id", "assetId": f"{_ID}/models/m/versions/1"},
            "codeConfiguration": {"codeId": f"{_ID}/codes/c/versions/1", "scoringScript": "score.py"},
            "environmentId": f"{_ID}/environments/e/versions/1",
            "environmentVariables": {"A": "1"},
            "compute": f"{_ID}/computes/cpu",
            "resources": {"instanceCount": 2, "properties": {}},
            "miniBatchSize": 5,
            "maxConcurrencyPerInstance": 2,
            "outputAction": "AppendRow",
            "outputFileName": "p.csv",
            "errorThreshold": 3,
            "retrySettings": {"maxRetries": 2, "timeout": "PT30S"},
            "loggingLevel": "Info",
            "description": "d",
            "properties": {},
        },
    },
    {
        "location": "local",
        "properties": {
            "deploymentConfiguration": {
                "deploymentConfigurationType": "PipelineComponent",
                "componentId": {"referenceType": "Id", "assetId": f"{_ID}/components/c/versions/1"},
                "settings": {"default_compute": "cpu", "continue_on_step_failure": False},
            },
            "description": "p",
        },
    },
]
