"""Images that a real engine makes, finds again and removes."""

from __future__ import annotations

import pytest

from smalt.environments import EnvironmentBuildFailed, EnvironmentCache, EnvironmentRequest, plan
from tests.containers.engine import IMAGE


@pytest.fixture
def cache(tmp_path, engine):
    return EnvironmentCache(tmp_path / "environments", engine=engine)


def test_a_build_context_is_built_once_and_collected_when_nobody_uses_it(cache, podman, tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY a /a\n")
    (context / "a").write_text("1")
    recipe = plan(EnvironmentRequest(build_context=context), containers=True)

    told: list[str] = []
    built = cache.build(recipe, told.append)
    again = EnvironmentCache(cache._root, engine=cache._images.engine).build(recipe, told.append)
    kept = cache.collect_garbage({recipe.key}, unused_seconds=0)
    removed = cache.collect_garbage(unused_seconds=0)

    assert built.image == again.image
    assert len([line for line in told if line.startswith("podman build")]) == 1
    assert (kept, removed) == ([], [recipe.key])
    assert cache.find(recipe) is None
    assert podman("image", "exists", built.image).returncode == 1
    assert podman("image", "exists", IMAGE).returncode == 0


def test_an_image_that_others_removed_is_made_again(cache, podman, tmp_path, monkeypatch):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nLABEL a=b\n")
    recipe = plan(EnvironmentRequest(build_context=tmp_path), containers=True)
    first = cache.build(recipe, print)
    assert cache.find(recipe) == first

    podman("rmi", "--force", first.image)
    cache._images._seen.clear()

    assert cache.find(recipe) is None
    assert cache.made(recipe) == first
    assert podman("image", "exists", cache.build(recipe, print).image).returncode == 0


def test_a_conda_file_that_neither_conda_nor_the_images_python_can_install_is_refused_with_the_reason(cache):
    conda = {"dependencies": ["python=3.7"]}
    recipe = plan(EnvironmentRequest(image=IMAGE, conda=conda), containers=True)

    with pytest.raises(EnvironmentBuildFailed, match=r"no conda, mamba or micromamba, and its Python is 3\.\d+ where"):
        cache.build(recipe, print)
