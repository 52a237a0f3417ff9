"""Amounts as Kubernetes writes them."""

from __future__ import annotations

import pytest

from smalt.errors import InvalidRequest
from smalt.server.jobs.quantities import amount


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("0.5", 0.5), ("500m", 0.5), ("4Gi", 4 << 30), ("4G", 4e9), ("512Mi", 512 << 20), ("16GB", 16e9)],
)
def test_an_amount_is_a_number(text, number):
    assert amount(text, "resources.cpu") == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "much", "-1", "4 apples", "Gi"])
def test_what_is_no_amount_is_named(text):
    with pytest.raises(InvalidRequest, match=r"resources\.memory"):
        amount(text, "resources.memory")
