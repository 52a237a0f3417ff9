"""The signing key on disk, and the short memory."""

from __future__ import annotations

from smalt.kit import clock
from smalt.server.identity import ShortMemory, SigningKey


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path):
    path = tmp_path / "keys" / "token-signing.pem"

    first = SigningKey.at(path)
    second = SigningKey.at(path)

    assert (first.kid, first.tenant) == (second.kid, second.tenant)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["token-signing.pem"]
    assert "d" not in first.jwks(clock.now())["keys"][0]


def test_what_was_read_before_everything_was_forgotten_is_not_kept():
    memory: ShortMemory[str, int] = ShortMemory()
    ticket = memory.ticket()
    memory.forget_all()

    memory.put("a", 1, ticket=ticket)

    assert memory.get("a") is None


def test_what_is_forgotten_takes_nothing_else_along_but_what_was_read_before():
    memory: ShortMemory[str, int] = ShortMemory()
    early = memory.ticket()
    memory.put("odd", 1, ticket=memory.ticket())
    memory.put("even", 2, ticket=memory.ticket())

    memory.forget(lambda value: value % 2 == 1)
    memory.put("late", 3, ticket=early)

    assert (memory.get("odd"), memory.get("even"), memory.get("late")) == (None, 2, None)


def test_the_memory_is_bounded_and_short():
    memory: ShortMemory[int, int] = ShortMemory(size=2)
    for number in range(3):
        memory.put(number, number, ticket=memory.ticket())
    memory.put(9, 9, ticket=memory.ticket(), lifetime_seconds=0)

    assert [memory.get(number) for number in (0, 1, 2, 9)] == [None, 1, 2, None]
