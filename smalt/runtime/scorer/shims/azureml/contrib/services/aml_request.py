"""The older address of `AMLRequest` and `@rawhttp`."""

from azureml_inference_server_http.api.aml_request import (  # type: ignore[import-not-found]  # ours or the real one
    AMLRequest,
    rawhttp,
)

__all__ = ["AMLRequest", "rawhttp"]
