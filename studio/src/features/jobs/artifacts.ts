/** The reference of everything a job has written beside its outputs: logs, images, files that its code has logged. */
export const artifactsOf = (name: string): string => `azureml://jobs/${name}/outputs/artifacts`;
