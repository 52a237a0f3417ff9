"""On the path of local deployments: what `breakpoint()` in a scoring script does."""
