"""The packages that an environment page lists are those of its lock file, of pip or of conda."""

from __future__ import annotations

from smalt.server.jobs.build_routes import packages_of


def test_packages_are_read_from_a_lock_of_pip():
    lock = (
        "scikit-learn==1.5.2 \\\n    --hash=sha256:00\n"
        "numpy==2.1.0 ; python_version >= '3.10' \\\n    --hash=sha256:01\n"
    )

    assert packages_of(lock) == [
        {"name": "numpy", "version": "2.1.0"},
        {"name": "scikit-learn", "version": "1.5.2"},
    ]


def test_packages_are_read_from_a_lock_of_conda():
    lock = "@EXPLICIT\nhttps://conda.example/conda-forge/linux-64/scikit-learn-1.5.2-py311_1.conda#00\n"

    assert packages_of(lock) == [{"name": "scikit-learn", "version": "1.5.2"}]
