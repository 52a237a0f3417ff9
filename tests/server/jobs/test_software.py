from smalt.environments import EnvironmentRequest, plan
from smalt.server.jobs.software import from_document, to_document


def test_a_recipe_for_a_conda_program_is_kept_with_the_job_and_comes_back():
    conda = {"channels": ["conda-forge"], "dependencies": ["python=3.10", "ffmpeg", {"pip": ["tiny==1.0"]}]}
    recipe = plan(EnvironmentRequest(conda=conda), conda="micromamba")

    kept = to_document(recipe)

    assert kept["conda"] == {"channels": ("conda-forge",), "specs": ("python=3.10", "ffmpeg")}
    assert from_document(kept) == recipe
    assert from_document(kept).key != from_document({**kept, "conda": None}).key
