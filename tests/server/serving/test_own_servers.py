"""Where the servers of images are asked."""

from __future__ import annotations

import pytest

from smalt.entities.environment import InferenceConfig
from smalt.errors import InvalidRequest
from smalt.server.serving.own_servers import pinned_routes

SCORING = {"port": 8501, "path": "/v1/half:predict"}


def test_a_route_that_is_left_out_is_the_other_one():
    config = InferenceConfig.parse({"scoring_route": SCORING, "liveness_route": {"path": "/live", "port": 8000}})

    assert pinned_routes(config) == {
        "scoring": [8501, "/v1/half:predict"],
        "liveness": [8000, "/live"],
        "readiness": [8000, "/live"],
    }


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        ({}, "neither readiness_route nor liveness_route"),
        ({"readiness_route": {"port": 99999}}, "99999 is no port"),
        ({"liveness_route": {"path": "/a\r\nx: y"}}, "liveness_route: .* is no path of a URL"),
        ({"liveness_route": {"path": "health"}}, "Begin with '/'"),
    ],
)
def test_routes_that_cannot_be_asked_are_refused(routes, said):
    with pytest.raises(InvalidRequest, match=said):
        pinned_routes(InferenceConfig.parse({"scoring_route": SCORING, **routes}))
