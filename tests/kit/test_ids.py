"""Identifiers."""

from __future__ import annotations

import uuid

from smalt.kit import ids


def test_a_guid_is_a_random_uuid_of_version_4():
    found = {ids.guid() for _ in range(200)}

    assert len(found) == 200
    assert all((uuid.UUID(each).version, uuid.UUID(each).variant) == (4, uuid.RFC_4122) for each in found)
    assert all(str(uuid.UUID(each)) == each for each in found)
