"""The older address of `AMLResponse`."""

from azureml_inference_server_http.api.aml_response import AMLResponse  # type: ignore[import-not-found]  # as above

__all__ = ["AMLResponse"]
