"""Identifiers."""

from __future__ import annotations

import uuid

from smalt.kit import ids


def test_a_guid_is_a_random_uuid_of_version_4():
    found = {ids.guid() for _ in range(200)}

    assert len(found) == 200
    assert all((uuid.UUID(each).version, uuid.UUID(each).variant) == (4, uuid.RFC_4122) for each in found)
    assert all(str(uuid.UUID(each)) == each for each in found)


def test_ordered_identifiers_sort_as_they_were_made():
    found = [ids.ordered() for _ in range(200)]

    assert found == sorted(found)
    assert len(set(found)) == 200
    assert {len(each) for each in found} == {len(ids.opaque())}
