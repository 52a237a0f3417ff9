"""What the node of an instance tells is believed as far as it is of a node; what does not come from there is told."""

from __future__ import annotations

import pytest

from smalt.server.serving.clusters import is_on

NODES = {"10.0.0.1", "10.0.0.2"}


@pytest.mark.parametrize("address", ["tcp:10.0.0.1:40000", "tcp:10.0.0.2:1024"])
def test_a_port_of_a_node_is_believed(address):
    assert is_on(address, NODES)


@pytest.mark.parametrize(
    "address",
    ["unix:/deployments/other/s/worker-0.sock", "tcp:127.0.0.1:8787", "tcp:10.0.0.3:40000", "tcp:10.0.0.1:80",
     "tcp:10.0.0.1:", "tcp:10.0.0.1:99999", "tcp:head:40000", "tcp:10.0.0.1:4\r\nx: y", "", "10.0.0.1:40000"],
)  # fmt: skip
def test_what_would_lead_the_gateway_elsewhere_is_not(address):
    assert not is_on(address, NODES)
