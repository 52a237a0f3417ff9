"""What well-known conda packages are called on PyPI, and which of them have no counterpart there."""

from __future__ import annotations

from fnmatch import fnmatchcase

PYPI_NAMES = {
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "faiss-gpu": "faiss-cpu",
    "keras-gpu": "keras",
    "libopencv": "opencv-python-headless",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyqt": "PyQt5",
    "pytables": "tables",
    "python-blosc": "blosc",
    "python-duckdb": "duckdb",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-kubernetes": "kubernetes",
    "python-lmdb": "lmdb",
    "python-wget": "wget",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ray-all": "ray[all]",
    "ray-core": "ray",
    "ray-default": "ray[default]",
    "ray-tune": "ray[tune]",
    "ruamel-yaml": "ruamel.yaml",
    "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "xgboost-cpu": "xgboost",
    "xgboost-gpu": "xgboost",
}

# These come with the interpreter or inside the wheels, or choose a variant that a wheel already is.
CARRIED = (
    "_libgcc_mutex", "_openmp_mutex", "blas", "bzip2", "ca-certificates", "cpuonly", "intel-openmp", "ld_impl_*",
    "libblas", "libcblas", "libffi", "libgcc*", "libgfortran*", "libgomp", "liblapack", "libopenblas", "libsqlite",
    "libstdcxx*", "libuuid", "libzlib", "llvm-openmp", "mkl", "mkl-service", "mkl_fft", "mkl_random", "ncurses",
    "nomkl", "openblas", "openssl", "pytorch-mutex", "python_abi", "readline", "sqlite", "tk", "xz", "zlib", "zstd",
)  # fmt: skip

CUDA = ("cuda", "cuda-*", "cudatoolkit*", "cudnn", "libcublas*", "libcufft*", "libcudnn*", "nccl", "pytorch-cuda")

# Programs and libraries that only conda or the operating system installs.
NATIVE = (
    "binutils*", "boost", "c-compiler", "coincbc", "compilers", "conda", "conda-*", "curl", "cxx-compiler", "ffmpeg",
    "fortran-compiler", "freetds", "gcc", "gcc_*", "gdal", "geos", "gfortran*", "git", "git-lfs", "glpk", "go",
    "graphviz", "gxx", "gxx_*", "hdf5", "icu", "imagemagick", "ipopt", "java-*", "jemalloc", "julia", "lib*", "make",
    "mamba", "micromamba", "mpich", "mysql", "nodejs", "octave", "openjdk", "openmpi", "pandoc", "parallel", "perl",
    "pkg-config", "poppler", "postgresql", "proj", "r", "r-*", "rust", "samtools", "sysroot_*", "tesseract", "unixodbc",
    "wget", "yarn",
)  # fmt: skip

# Packages whose names look native but which are Python packages of the same name.
_PYTHON_AFTER_ALL = {"libcst", "libsvm", "libclang", "librosa", "libtmux"}


def pypi_name(name: str) -> str:
    """The PyPI name of a conda package; most have the same on both."""
    return PYPI_NAMES.get(name.replace("_", "-"), name)


def is_carried(name: str) -> bool:
    """Whether leaving the package out loses nothing."""
    return _matches(name, CARRIED)


def is_cuda(name: str) -> bool:
    """Whether the package belongs to the CUDA tool kit."""
    return _matches(name, CUDA)


def is_native(name: str) -> bool:
    """Whether the package holds programs or libraries that PyPI does not have."""
    return name not in _PYTHON_AFTER_ALL and name not in PYPI_NAMES and _matches(name, NATIVE)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
