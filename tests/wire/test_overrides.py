"""Paths of `--set`."""

from __future__ import annotations

import pytest

from smalt.wire.overrides import apply_overrides, path_parts


@pytest.mark.parametrize("path", ["properties.'smalt.a.b'", 'properties."smalt.a.b"', "properties['smalt.a.b']"])
def test_a_name_with_dots_is_written_in_quotes(path):
    document = {"properties": {"smalt.a.b": "1"}}

    apply_overrides(document, [f"{path}=2"])

    assert document == {"properties": {"smalt.a.b": 2}}


def test_an_index_is_written_in_brackets_or_after_a_dot():
    assert path_parts("a.b[0].c") == path_parts("a.b.0.c") == ["a", "b", "0", "c"]
    assert path_parts("tags.it's") == ["tags", "it's"]
