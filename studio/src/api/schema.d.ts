// Written by tools/types.mjs from the description of the server; run `make studio-types`.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Component: {
            properties: {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                isAnonymous?: boolean;
                isArchived?: boolean;
                stage?: string | null;
                provisioningState?: string | null;
                /**
                 * @description A component of any type (command, pipeline, parallel, sweep, spark, automl, import, data_transfer).
                 *
                 *     Fields that only one type has are kept as given. Components that were written for one pipeline share one name;
                 *     `own_name` is what their files call them. `component_spec` is the document as it came on the wire; it is
                 *     returned verbatim and is not part of what `show` prints.
                 */
                componentSpec: {
                    name?: string | null;
                    id?: string | null;
                    description?: string | null;
                    tags?: {
                        [key: string]: string;
                    };
                    properties?: {
                        [key: string]: string;
                    };
                    creation_context?: ({
                        created_at?: string | null;
                        created_by?: string | null;
                        created_by_type?: string | null;
                        last_modified_at?: string | null;
                        last_modified_by?: string | null;
                        last_modified_by_type?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    version?: string | null;
                    is_anonymous?: boolean;
                    is_archived?: boolean;
                    stage?: string | null;
                    provisioning_state?: string | null;
                    type?: string;
                    display_name?: string | null;
                    is_deterministic?: boolean | null;
                    inputs?: {
                        [key: string]: {
                            type?: string;
                            optional?: boolean;
                            default?: unknown;
                            description?: string | null;
                            min?: unknown;
                            max?: unknown;
                            enum?: unknown[] | null;
                            mode?: ("ro_mount" | "rw_mount" | "download" | "upload" | "direct" | "eval_mount" | "eval_download" | "mount") | null;
                        } & {
                            [key: string]: unknown;
                        };
                    };
                    outputs?: {
                        [key: string]: {
                            type?: string;
                            description?: string | null;
                            mode?: ("ro_mount" | "rw_mount" | "download" | "upload" | "direct" | "eval_mount" | "eval_download" | "mount") | null;
                        } & {
                            [key: string]: unknown;
                        };
                    };
                    command?: string | null;
                    code?: string | null;
                    environment?: string | {
                        [key: string]: unknown;
                    } | null;
                    own_name?: string | null;
                    component_spec?: {
                        [key: string]: unknown;
                    } | null;
                } & {
                    [key: string]: unknown;
                };
            };
        };
        Connection: {
            properties: {
                target?: string | null;
                isSharedToAll?: boolean;
                expiryTime?: string | null;
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                /** @enum {string} */
                category: "Git" | "PythonFeed" | "ContainerRegistry" | "S3" | "Snowflake" | "AzureSqlDb" | "AzureSynapseAnalytics" | "AzureMySqlDb" | "AzurePostgresDb" | "ADLSGen2" | "AzureBlob" | "AzureOneLake" | "AzureOpenAI" | "OpenAI" | "AIServices" | "CognitiveSearch" | "CognitiveService" | "Serp" | "Serverless" | "ApiKey" | "CustomKeys" | "Redis";
                /** @enum {string} */
                authType?: "PAT" | "SAS" | "UsernamePassword" | "ManagedIdentity" | "ServicePrincipal" | "AccessKey" | "ApiKey" | "AccountKey" | "CustomKeys" | "AAD" | "None";
                metadata?: {
                    [key: string]: string;
                };
                credentials?: {
                    key?: string;
                    pat?: string;
                    sas?: string;
                    username?: string;
                    password?: string;
                    clientId?: string;
                    clientSecret?: string;
                    tenantId?: string;
                    resourceId?: string;
                    accessKeyId?: string;
                    secretAccessKey?: string;
                };
            };
        };
        Data: {
            properties: {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                isAnonymous?: boolean;
                isArchived?: boolean;
                stage?: string | null;
                provisioningState?: string | null;
                /** @enum {string} */
                dataType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                dataUri?: string | null;
                datastore?: string | null;
                referencedUris?: string[] | null;
                autoDeleteSetting?: {
                    [key: string]: unknown;
                } | null;
            };
        };
        Environment: {
            properties: {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                isAnonymous?: boolean;
                isArchived?: boolean;
                stage?: string | null;
                provisioningState?: string | null;
                image?: string | null;
                condaFile?: unknown;
                build?: {
                    contextUri?: string | null;
                    dockerfilePath?: string;
                };
                /** @enum {string} */
                osType?: "Linux" | "Windows";
                inferenceConfig?: {
                    livenessRoute?: ({
                        port?: number | null;
                        path?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    readinessRoute?: ({
                        port?: number | null;
                        path?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    scoringRoute?: ({
                        port?: number | null;
                        path?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    startupRoute?: ({
                        port?: number | null;
                        path?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                };
            };
        };
        Job: {
            properties: {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Command";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                command: string;
                codeId?: string | null;
                environmentId?: string | ({
                    name?: string | null;
                    id?: string | null;
                    description?: string | null;
                    tags?: {
                        [key: string]: string;
                    };
                    properties?: {
                        [key: string]: string;
                    };
                    creation_context?: ({
                        created_at?: string | null;
                        created_by?: string | null;
                        created_by_type?: string | null;
                        last_modified_at?: string | null;
                        last_modified_by?: string | null;
                        last_modified_by_type?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    version?: string | null;
                    is_anonymous?: boolean;
                    is_archived?: boolean;
                    stage?: string | null;
                    provisioning_state?: string | null;
                    image?: string | null;
                    conda_file?: string | {
                        [key: string]: unknown;
                    } | null;
                    build?: ({
                        path?: string | null;
                        dockerfile_path?: string;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    os_type?: string | null;
                    inference_config?: ({
                        liveness_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        readiness_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        scoring_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        startup_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                } & {
                    [key: string]: unknown;
                }) | null;
                environmentVariables?: {
                    [key: string]: string;
                };
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                distribution?: {
                    /** @enum {string} */
                    distributionType?: "Mpi" | "PyTorch" | "TensorFlow" | "Ray";
                    processCountPerInstance?: unknown;
                    parameterServerCount?: unknown;
                    workerCount?: unknown;
                    port?: unknown;
                    address?: unknown;
                    includeDashboard?: unknown;
                    dashboardPort?: unknown;
                    headNodeAdditionalArgs?: unknown;
                    workerNodeAdditionalArgs?: unknown;
                };
                resources?: unknown;
                limits?: {
                    /**
                     * Format: duration
                     * @example PT1H
                     */
                    timeout?: string;
                    /** @constant */
                    jobLimitsType?: "Command";
                };
                parameters?: {
                    [key: string]: unknown;
                } | null;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Pipeline";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                settings?: ({
                    default_compute?: string | null;
                    default_datastore?: string | null;
                    continue_on_step_failure?: boolean | null;
                    continue_run_on_failed_optional_input?: boolean | null;
                    force_rerun?: boolean | null;
                    on_init?: string | null;
                    on_finalize?: string | null;
                } & {
                    [key: string]: unknown;
                }) | null;
                jobs?: unknown;
                sourceJobId?: string | null;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Sweep";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                trial: unknown;
                searchSpace: {
                    [key: string]: unknown;
                };
                objective: {
                    /** @enum {string} */
                    goal: "Minimize" | "Maximize";
                    primaryMetric: string;
                };
                samplingAlgorithm?: {
                    /** @enum {string} */
                    samplingAlgorithmType?: "Random" | "Grid" | "Bayesian";
                    seed?: number | null;
                    rule?: string | null;
                    logbase?: unknown;
                };
                earlyTermination?: {
                    /** @enum {string} */
                    policyType: "Bandit" | "MedianStopping" | "TruncationSelection";
                    evaluationInterval?: number | null;
                    delayEvaluation?: number | null;
                    slackFactor?: number | null;
                    slackAmount?: number | null;
                    truncationPercentage?: number | null;
                    excludeFinishedJobs?: boolean | null;
                };
                limits?: {
                    maxConcurrentTrials?: number | null;
                    maxTotalTrials?: number | null;
                    /**
                     * Format: duration
                     * @example PT1H
                     */
                    timeout?: string;
                    /**
                     * Format: duration
                     * @example PT1H
                     */
                    trialTimeout?: string;
                    /** @constant */
                    jobLimitsType?: "Sweep";
                };
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                resources?: unknown;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Spark";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                environmentVariables?: {
                    [key: string]: string;
                };
                resources?: Record<string, never>;
                codeId?: string | null;
                entry?: unknown;
                environmentId?: string | ({
                    name?: string | null;
                    id?: string | null;
                    description?: string | null;
                    tags?: {
                        [key: string]: string;
                    };
                    properties?: {
                        [key: string]: string;
                    };
                    creation_context?: ({
                        created_at?: string | null;
                        created_by?: string | null;
                        created_by_type?: string | null;
                        last_modified_at?: string | null;
                        last_modified_by?: string | null;
                        last_modified_by_type?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    version?: string | null;
                    is_anonymous?: boolean;
                    is_archived?: boolean;
                    stage?: string | null;
                    provisioning_state?: string | null;
                    image?: string | null;
                    conda_file?: string | {
                        [key: string]: unknown;
                    } | null;
                    build?: ({
                        path?: string | null;
                        dockerfile_path?: string;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    os_type?: string | null;
                    inference_config?: ({
                        liveness_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        readiness_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        scoring_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        startup_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                } & {
                    [key: string]: unknown;
                }) | null;
                pyFiles?: string[] | null;
                jars?: string[] | null;
                files?: string[] | null;
                archives?: string[] | null;
                conf?: {
                    [key: string]: unknown;
                } | null;
                args?: string | null;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Parallel";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                inputData: string;
                task: unknown;
                miniBatchSize?: string | null;
                partitionKeys?: string[] | null;
                resources?: unknown;
                maxConcurrencyPerInstance?: number | null;
                retrySettings?: {
                    maxRetries?: number;
                    /**
                     * Format: duration
                     * @example PT1H
                     */
                    timeout?: string;
                };
                errorThreshold?: number | null;
                miniBatchErrorThreshold?: number | null;
                loggingLevel?: ("DEBUG" | "INFO" | "WARNING") | null;
                environmentVariables?: {
                    [key: string]: string;
                };
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Flow";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                codeId: string;
                entryFile?: string | null;
                environmentId?: string | ({
                    name?: string | null;
                    id?: string | null;
                    description?: string | null;
                    tags?: {
                        [key: string]: string;
                    };
                    properties?: {
                        [key: string]: string;
                    };
                    creation_context?: ({
                        created_at?: string | null;
                        created_by?: string | null;
                        created_by_type?: string | null;
                        last_modified_at?: string | null;
                        last_modified_by?: string | null;
                        last_modified_by_type?: string | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    version?: string | null;
                    is_anonymous?: boolean;
                    is_archived?: boolean;
                    stage?: string | null;
                    provisioning_state?: string | null;
                    image?: string | null;
                    conda_file?: string | {
                        [key: string]: unknown;
                    } | null;
                    build?: ({
                        path?: string | null;
                        dockerfile_path?: string;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                    os_type?: string | null;
                    inference_config?: ({
                        liveness_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        readiness_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        scoring_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                        startup_route?: ({
                            port?: number | null;
                            path?: string | null;
                        } & {
                            [key: string]: unknown;
                        }) | null;
                    } & {
                        [key: string]: unknown;
                    }) | null;
                } & {
                    [key: string]: unknown;
                }) | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                columnMapping?: {
                    [key: string]: unknown;
                };
                variant?: string | null;
                connections?: {
                    [key: string]: {
                        [key: string]: string;
                    };
                };
                init?: {
                    [key: string]: unknown;
                };
                environmentVariables?: {
                    [key: string]: string;
                };
                concurrency?: number | null;
                node?: string | null;
                resources?: unknown;
                limits?: {
                    /**
                     * Format: duration
                     * @example PT1H
                     */
                    timeout?: string;
                    /** @constant */
                    jobLimitsType?: "Command";
                };
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "AutoML";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                /** @enum {string} */
                taskType: "Classification" | "Regression" | "Forecasting" | "ImageClassification" | "ImageClassificationMultilabel" | "ImageObjectDetection" | "ImageInstanceSegmentation" | "TextClassification" | "TextClassificationMultilabel" | "TextNER";
                /** @enum {string} */
                primaryMetric?: "AUCWeighted" | "Accuracy" | "NormMacroRecall" | "AveragePrecisionScoreWeighted" | "PrecisionScoreWeighted" | "NormalizedRootMeanSquaredError" | "SpearmanCorrelation" | "R2Score" | "NormalizedMeanAbsoluteError" | "IOU" | "MeanAveragePrecision";
                targetColumnName?: string | null;
                trainingData?: {
                    /** @enum {string} */
                    jobInputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                    uri?: string | null;
                    /** @enum {string} */
                    mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                    pathOnCompute?: string | null;
                    datastore?: string | null;
                    description?: string | null;
                };
                validationData?: {
                    /** @enum {string} */
                    jobInputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                    uri?: string | null;
                    /** @enum {string} */
                    mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                    pathOnCompute?: string | null;
                    datastore?: string | null;
                    description?: string | null;
                };
                validationDataSize?: number | null;
                nCrossValidations?: unknown;
                cvSplitColumnNames?: string[] | null;
                testData?: {
                    /** @enum {string} */
                    jobInputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                    uri?: string | null;
                    /** @enum {string} */
                    mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                    pathOnCompute?: string | null;
                    datastore?: string | null;
                    description?: string | null;
                };
                testDataSize?: number | null;
                weightColumnName?: string | null;
                positiveLabel?: string | null;
                /** @enum {string} */
                logVerbosity?: "NotSet" | "Debug" | "Info" | "Warning" | "Error" | "Critical";
                limitSettings?: {
                    maxTrials?: number | null;
                    maxConcurrentTrials?: number | null;
                    maxCoresPerTrial?: number | null;
                    maxNodes?: number | null;
                    timeout?: unknown;
                    trialTimeout?: unknown;
                    exitScore?: number | null;
                    enableEarlyTermination?: boolean | null;
                };
                featurizationSettings?: {
                    /** @enum {string} */
                    mode?: "auto" | "off" | "custom";
                    datasetLanguage?: string | null;
                    blockedTransformers?: unknown;
                    columnNameAndTypes?: {
                        [key: string]: string;
                    };
                    transformerParams?: unknown;
                    enableDnnFeaturization?: boolean | null;
                };
                trainingSettings?: {
                    allowedTrainingAlgorithms?: unknown;
                    blockedTrainingAlgorithms?: unknown;
                    enableDnnTraining?: boolean | null;
                    enableModelExplainability?: boolean | null;
                    enableOnnxCompatibleModels?: boolean | null;
                    enableStackEnsemble?: boolean | null;
                    enableVoteEnsemble?: boolean | null;
                    ensembleModelDownloadTimeout?: unknown;
                    stackEnsembleSettings?: {
                        [key: string]: unknown;
                    } | null;
                    trainingMode?: string | null;
                };
                forecastingSettings?: {
                    timeColumnName?: string | null;
                    timeSeriesIdColumnNames?: string[] | null;
                    forecastHorizon?: unknown;
                    frequency?: string | null;
                    targetLags?: unknown;
                    targetRollingWindowSize?: unknown;
                    seasonality?: unknown;
                    cvStepSize?: number | null;
                    countryOrRegionForHolidays?: string | null;
                    featureLags?: string | null;
                    shortSeriesHandlingConfig?: string | null;
                    targetAggregateFunction?: string | null;
                    useStl?: string | null;
                    featuresUnknownAtForecastTime?: string[] | null;
                };
                sweepSettings?: unknown;
                modelSettings?: Record<string, never>;
                searchSpace?: unknown;
                environmentVariables?: {
                    [key: string]: string;
                };
                resources?: unknown;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "FineTuning";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                /** @enum {string} */
                taskType: "ChatCompletion" | "TextCompletion" | "TextClassification" | "QuestionAnswering" | "TextSummarization" | "TokenClassification" | "TextTranslation" | "ImageClassification" | "ImageInstanceSegmentation" | "ImageObjectDetection" | "VideoMultiObjectTracking";
                model: {
                    /** @enum {string} */
                    jobInputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                    uri?: string | null;
                    /** @enum {string} */
                    mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                    pathOnCompute?: string | null;
                    datastore?: string | null;
                    description?: string | null;
                };
                /** @enum {string} */
                modelProvider?: "Custom" | "AzureOpenAI";
                trainingData: {
                    /** @enum {string} */
                    jobInputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                    uri?: string | null;
                    /** @enum {string} */
                    mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                    pathOnCompute?: string | null;
                    datastore?: string | null;
                    description?: string | null;
                };
                validationData?: {
                    /** @enum {string} */
                    jobInputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                    uri?: string | null;
                    /** @enum {string} */
                    mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                    pathOnCompute?: string | null;
                    datastore?: string | null;
                    description?: string | null;
                };
                hyperParameters?: {
                    [key: string]: string;
                };
                resources?: Record<string, never>;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Distillation";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                environmentVariables?: {
                    [key: string]: string;
                };
                resources?: Record<string, never>;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "Import";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                environmentVariables?: {
                    [key: string]: string;
                };
                resources?: Record<string, never>;
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                /** @constant */
                jobType: "DataTransfer";
                displayName?: string | null;
                experimentName?: string | null;
                computeId?: string | null;
                componentId?: string | {
                    [key: string]: unknown;
                } | null;
                identity?: {
                    /** @enum {string} */
                    identityType?: "AMLToken" | "Managed" | "UserIdentity";
                    clientId?: string | null;
                    objectId?: string | null;
                    resourceId?: string | null;
                };
                services?: {
                    [key: string]: unknown;
                };
                outputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobOutputType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        mode?: unknown;
                        uri?: string | null;
                        assetName?: string | null;
                        assetVersion?: string | null;
                        pathOnCompute?: string | null;
                        description?: string | null;
                    };
                };
                queueSettings?: {
                    /** @enum {string} */
                    jobTier?: "Null" | "Spot" | "Basic" | "Standard" | "Premium";
                    priority?: unknown;
                };
                notificationSetting?: Record<string, never>;
                parentJobName?: string | null;
                isArchived?: boolean;
                status?: ("NotStarted" | "Starting" | "Provisioning" | "Preparing" | "Queued" | "Running" | "Finalizing" | "CancelRequested" | "Completed" | "Failed" | "Canceled" | "NotResponding" | "Paused" | "Unknown") | null;
                inputs?: {
                    [key: string]: {
                        /** @enum {string} */
                        jobInputType: "literal" | "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                        uri?: string;
                        /** @enum {string} */
                        mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Upload" | "Direct" | "EvalMount" | "EvalDownload";
                        value?: string;
                    };
                };
                environmentVariables?: {
                    [key: string]: string;
                };
                resources?: Record<string, never>;
            };
        };
        Model: {
            properties: {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                isAnonymous?: boolean;
                isArchived?: boolean;
                stage?: string | null;
                provisioningState?: string | null;
                /** @enum {string} */
                modelType?: "uri_file" | "uri_folder" | "mltable" | "custom_model" | "mlflow_model" | "triton_model" | "path";
                modelUri?: string | null;
                datastore?: string | null;
                flavors?: unknown;
                jobName?: string | null;
            };
        };
        Schedule: {
            properties: {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                displayName?: string | null;
                trigger?: {
                    startTime?: unknown;
                    endTime?: unknown;
                    timeZone?: unknown;
                    /** @enum {string} */
                    triggerType?: "Cron" | "Recurrence" | "Asset" | "Event";
                    expression?: unknown;
                    /** @enum {string} */
                    frequency?: "Minute" | "Hour" | "Day" | "Week" | "Month";
                    interval?: unknown;
                    schedule?: {
                        hours?: unknown;
                        minutes?: unknown;
                        weekDays?: unknown;
                        monthDays?: unknown;
                    };
                    assetType?: unknown;
                    name?: unknown;
                    tags?: unknown;
                    event?: unknown;
                    status?: unknown;
                    jobType?: unknown;
                    experimentName?: unknown;
                    monitor?: unknown;
                    signal?: unknown;
                };
                isEnabled?: boolean | null;
                /**
                 * @description What becomes of the times at which no server was up.
                 * @enum {string}
                 */
                missedRuns?: "once" | "skip" | "all";
                provisioningState?: string | null;
                nextRunTime?: string | null;
                createJob: unknown;
                /** @constant */
                actionType: "create_job";
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                displayName?: string | null;
                trigger?: {
                    startTime?: unknown;
                    endTime?: unknown;
                    timeZone?: unknown;
                    /** @enum {string} */
                    triggerType?: "Cron" | "Recurrence" | "Asset" | "Event";
                    expression?: unknown;
                    /** @enum {string} */
                    frequency?: "Minute" | "Hour" | "Day" | "Week" | "Month";
                    interval?: unknown;
                    schedule?: {
                        hours?: unknown;
                        minutes?: unknown;
                        weekDays?: unknown;
                        monthDays?: unknown;
                    };
                    assetType?: unknown;
                    name?: unknown;
                    tags?: unknown;
                    event?: unknown;
                    status?: unknown;
                    jobType?: unknown;
                    experimentName?: unknown;
                    monitor?: unknown;
                    signal?: unknown;
                };
                isEnabled?: boolean | null;
                /**
                 * @description What becomes of the times at which no server was up.
                 * @enum {string}
                 */
                missedRuns?: "once" | "skip" | "all";
                provisioningState?: string | null;
                nextRunTime?: string | null;
                createMonitor: unknown;
                /** @constant */
                actionType: "create_monitor";
            } | {
                description?: string | null;
                tags?: {
                    [key: string]: string;
                };
                properties?: {
                    [key: string]: string;
                };
                displayName?: string | null;
                trigger?: {
                    startTime?: unknown;
                    endTime?: unknown;
                    timeZone?: unknown;
                    /** @enum {string} */
                    triggerType?: "Cron" | "Recurrence" | "Asset" | "Event";
                    expression?: unknown;
                    /** @enum {string} */
                    frequency?: "Minute" | "Hour" | "Day" | "Week" | "Month";
                    interval?: unknown;
                    schedule?: {
                        hours?: unknown;
                        minutes?: unknown;
                        weekDays?: unknown;
                        monthDays?: unknown;
                    };
                    assetType?: unknown;
                    name?: unknown;
                    tags?: unknown;
                    event?: unknown;
                    status?: unknown;
                    jobType?: unknown;
                    experimentName?: unknown;
                    monitor?: unknown;
                    signal?: unknown;
                };
                isEnabled?: boolean | null;
                /**
                 * @description What becomes of the times at which no server was up.
                 * @enum {string}
                 */
                missedRuns?: "once" | "skip" | "all";
                provisioningState?: string | null;
                nextRunTime?: string | null;
                importData: Record<string, never>;
                /** @constant */
                actionType: "import_data";
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
