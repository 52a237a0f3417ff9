from __future__ import annotations

import pytest

from smalt.environments import Layers


@pytest.fixture
def base(cache, recipe):
    return cache.build(recipe, lambda line: None)


@pytest.fixture
def layers(tmp_path):
    return Layers(tmp_path / "waiting", most=1)


def test_a_layer_that_comes_back_as_it_was_is_given_again(base, layers, tmp_path):
    first, second = tmp_path / "first" / "overlay", tmp_path / "second" / "overlay"
    layers.give(base, first)
    made = (first / "pyvenv.cfg").stat().st_ino

    layers.take_back(first)
    layers.give(base, second)

    assert not first.exists()
    assert (second / "pyvenv.cfg").stat().st_ino == made


@pytest.mark.parametrize("changed", ["lib/installed.py", "bin/pip", "bin/python"])
def test_a_layer_that_its_job_has_changed_is_removed(base, layers, tmp_path, changed):
    first, second = tmp_path / "first" / "overlay", tmp_path / "second" / "overlay"
    layers.give(base, first)
    (first / changed).unlink(missing_ok=True)
    (first / changed).write_text("other")

    layers.take_back(first)
    layers.give(base, second)

    assert not first.exists()
    assert not (second / "lib/installed.py").exists()
    assert (second / "bin/python").is_symlink()
    assert "pip._internal" in (second / "bin/pip").read_text()


def test_no_more_layers_wait_than_asked_for(base, layers, tmp_path):
    places = [tmp_path / name / "overlay" for name in ("first", "second")]
    for place in places:
        layers.give(base, place)

    for place in places:
        layers.take_back(place)

    assert len(list((tmp_path / "waiting").iterdir())) == 1
    assert not any(place.exists() for place in places)


def test_what_an_earlier_life_left_is_removed_and_never_given(base, layers, tmp_path):
    layers.give(base, tmp_path / "first" / "overlay")
    layers.take_back(tmp_path / "first" / "overlay")

    Layers(tmp_path / "waiting")

    layers.give(base, tmp_path / "second" / "overlay")
    assert (tmp_path / "second" / "overlay" / "bin" / "python").exists()
    assert not (tmp_path / "waiting").exists()
