"""Online endpoints: requests are answered while the caller waits."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from smalt.entities.base import Entity
from smalt.entities.endpoint.base import Deployment, Endpoint
from smalt.entities.identity import ResourceIdentity
from smalt.entities.text import Seconds, Text, match_enum, normal_form

_HIGHEST_MIRROR = 50
_LONGEST_TIMEOUT_MS = 300_000


class AuthMode(StrEnum):
    """How callers prove who they are."""

    KEY = "key"
    AML_TOKEN = "aml_token"  # noqa: S105 - the name of a mode
    AAD_TOKEN = "aad_token"  # noqa: S105 - the name of a mode


AuthModeField = Annotated[AuthMode, BeforeValidator(lambda value: match_enum(value, AuthMode))]
Share = Annotated[int, Field(ge=0, le=100)]
Traffic = Annotated[dict[str, Share], BeforeValidator(lambda value: {} if value is None else value)]
"""Per cent of the requests by deployment; `null` is none."""


class Rollout(Entity):
    """Bounds that a deployment must keep after its share of the traffic has grown.

    When one is broken, the traffic goes back to what it was. Nothing is judged before there were enough requests.

    Args:
        max_error_rate: Of 0 to 1.
        max_p95_ms: Latency that 95 of 100 requests must keep.
        min_requests: Requests that a judgement needs.
        watch_seconds: For how long after the change it is watched.
    """

    max_error_rate: float | None = Field(default=None, ge=0, le=1)
    max_p95_ms: float | None = Field(default=None, gt=0)
    min_requests: int = Field(default=20, ge=1)
    watch_seconds: Seconds = 600


class OnlineEndpoint(Endpoint):
    """`traffic` and `mirror_traffic` say which deployment gets how many per cent of the requests.

    An endpoint with a `compute` is one of Kubernetes. `rollout` is an addition of smalt.
    """

    auth_mode: AuthModeField = AuthMode.KEY
    traffic: Traffic = Field(default_factory=dict)
    mirror_traffic: Traffic = Field(default_factory=dict)
    identity: ResourceIdentity | None = None
    compute: Text | None = None
    kind: Text | None = None
    public_network_access: Text | None = None
    rollout: Rollout | None = None

    @field_validator("traffic")
    @classmethod
    def _is_all_or_nothing(cls, traffic: dict[str, int]) -> dict[str, int]:
        if sum(traffic.values()) not in {0, 100}:
            raise ValueError(
                f"The shares add up to {sum(traffic.values())}. Make them 100 in all, or 0 to send no traffic."
            )
        return traffic

    @field_validator("mirror_traffic")
    @classmethod
    def _mirrors_a_part_to_one(cls, mirror: dict[str, int]) -> dict[str, int]:
        given = {name: share for name, share in mirror.items() if share}
        if len(given) > 1 or any(share > _HIGHEST_MIRROR for share in given.values()):
            raise ValueError(f"{given} cannot be mirrored. Name one deployment, with at most {_HIGHEST_MIRROR}.")
        return mirror


class KubernetesOnlineEndpoint(OnlineEndpoint):
    """The same under the name of the v2 SDK."""


class RequestSettings(Entity):
    """How requests reach an instance. What waits longer than `max_queue_wait_ms` for a free place is refused."""

    request_timeout_ms: int = Field(default=5000, ge=1, le=_LONGEST_TIMEOUT_MS)
    max_concurrent_requests_per_instance: int = Field(default=1, ge=1, le=10_000)
    max_queue_wait_ms: int = Field(default=500, ge=0, le=_LONGEST_TIMEOUT_MS)


class ProbeSettings(Entity):
    """How often an instance is asked whether it is well, in seconds, and how many answers count."""

    period: Seconds = 10
    initial_delay: Seconds = 10
    timeout: Annotated[int | float, Field(gt=0, le=3600)] = 2
    success_threshold: int = Field(default=1, ge=1)
    failure_threshold: int = Field(default=30, ge=1)


class ScaleSettings(Entity):
    """`default` keeps `instance_count`; `target_utilization` follows the load. `min_instances` may be 0."""

    type: Literal["default", "target_utilization"] = "default"
    min_instances: int | None = Field(default=None, ge=0, le=1000)
    max_instances: int | None = Field(default=None, ge=1, le=1000)
    target_utilization_percentage: int | None = Field(default=None, ge=1, le=100)
    polling_interval: Annotated[int | float, Field(gt=0, le=86_400)] | None = None

    @field_validator("type", mode="before")
    @classmethod
    def _in_any_spelling(cls, value: Any) -> Any:  # Any: raw input of a validator
        known = ("default", "target_utilization")
        return next((each for each in known if normal_form(each) == normal_form(str(value))), value)


class DefaultScaleSettings(ScaleSettings):
    """As many instances as `instance_count` says."""

    type: Literal["default", "target_utilization"] = "default"


class TargetUtilizationScaleSettings(ScaleSettings):
    """As many instances as the load needs."""

    type: Literal["default", "target_utilization"] = "target_utilization"


class ResourceSettings(Entity):
    """Cores, memory and accelerators in the words of Kubernetes."""

    cpu: Text | None = None
    memory: Text | None = None
    gpu: Text | None = None


class ResourceRequirements(Entity):
    """What an instance is given at least, and at most."""

    requests: ResourceSettings | None = None
    limits: ResourceSettings | None = None


class DataAsset(Entity):
    """Where a collection is kept."""

    name: Text | None = None
    version: Text | None = None
    path: Text | None = None
    data_id: Text | None = None


class DeploymentCollection(Entity):
    """One collection of what a deployment is asked and answers."""

    enabled: Text = "false"
    data: str | DataAsset | None = None
    client_id: Text | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether anything is collected."""
        return self.enabled.lower() == "true"


class RequestLogging(Entity):
    """Which headers are kept with a request."""

    capture_headers: list[Text] | None = None


class DataCollector(Entity):
    """What is kept of requests and answers."""

    collections: dict[str, DeploymentCollection] = Field(default_factory=dict)
    rolling_rate: Text | None = None
    sampling_rate: float | None = Field(default=None, ge=0, le=1)
    request_logging: RequestLogging | None = None


class OnlineDeployment(Deployment):
    """Instances that answer requests. Those on one's own machine have a `scoring_uri`; others have their endpoint's."""

    type: Literal["managed", "kubernetes"] = "managed"
    instance_type: Text | None = None
    instance_count: int | None = Field(default=None, ge=1, le=1000)
    app_insights_enabled: bool = False
    scale_settings: ScaleSettings | None = None
    request_settings: RequestSettings | None = None
    liveness_probe: ProbeSettings | None = None
    readiness_probe: ProbeSettings | None = None
    startup_probe: ProbeSettings | None = None
    model_mount_path: Text | None = None
    scoring_uri: Text | None = None
    data_collector: DataCollector | None = None
    egress_public_network_access: Text | None = None
    private_network_connection: bool | None = None
    resources: ResourceRequirements | None = None


class ManagedOnlineDeployment(OnlineDeployment):
    """The same under the name of the v2 SDK."""

    type: Literal["managed", "kubernetes"] = "managed"


class KubernetesOnlineDeployment(OnlineDeployment):
    """On a compute of Kubernetes, by the words of the YAML file."""

    type: Literal["managed", "kubernetes"] = "kubernetes"
