"""Holding the collector off, from several places at once."""

from __future__ import annotations

import gc

from smalt.kit import collector


def test_it_looks_again_when_the_last_one_lets_go():
    with collector.held_off():
        with collector.held_off():
            assert not gc.isenabled()

        assert not gc.isenabled()

    assert gc.isenabled()
