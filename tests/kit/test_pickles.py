"""What a pickle would import is found without loading it, however it was written."""

from __future__ import annotations

import io
import os
import pickle

import numpy
import pytest

from smalt.kit.pickles import UNKNOWN, imports


class Harmful:
    def __reduce__(self):
        return os.system, ("true",)


def found(content: bytes) -> set[tuple[str, str]]:
    return set(imports(io.BytesIO(content)).names)


@pytest.mark.parametrize("protocol", range(6))
def test_what_a_pickle_calls_is_found_in_every_protocol(protocol):
    value = {"a": [1, 2.5, ("x",), {1, 2}, frozenset([3]), b"y", None, True], "b": Harmful(), 3: bytearray(b"z")}

    read = imports(io.BytesIO(pickle.dumps(value, protocol)))

    assert ("posix", "system") in read.names
    assert read.is_whole


def test_a_name_that_is_put_together_behind_a_decoy_is_found():
    decoy = b"\x8c\x05posix\x8c\x06system" + b"\x8c\x0bcollections\x8c\x0bOrderedDict" + b"00" + b"\x93."

    assert found(b"\x80\x04" + decoy) == {("posix", "system")}


def test_a_name_from_the_memo_is_found_and_one_that_nobody_can_know_is_told():
    assert found(b"\x80\x04\x8c\x05posix\x940\x8c\x06system\x940h\x00h\x01\x93.") == {("posix", "system")}
    assert found(b"\x80\x04\x8c\x05posixN\x93.") == {("posix", UNKNOWN)}
    assert found(b"\x82\x01.") == {(UNKNOWN, UNKNOWN)}


def test_every_pickle_of_a_file_is_read_and_what_follows_is_none():
    two = pickle.dumps(1) + pickle.dumps(Harmful()) + b"storage"

    assert imports(io.BytesIO(two)).names == {("posix", "system")}
    assert imports(io.BytesIO(two)).is_whole
    assert not imports(io.BytesIO(pickle.dumps([1, 2, 3])[:-1])).is_whole
    assert not imports(io.BytesIO(b"no pickle")).is_whole


def wrapped(array: numpy.ndarray, rest: bytes, *, alignment: int | None = 16, make: bytes = b")\x81") -> bytes:
    """A list of an array and something else, in the form of joblib: the bytes of the array stand between opcodes."""
    state = {"subclass": numpy.ndarray, "shape": array.shape, "order": "C", "dtype": array.dtype, "allow_mmap": True,
             "numpy_array_alignment_bytes": alignment}  # fmt: skip
    described = pickle.dumps(state, 4)[11:-1]
    padding = b"\x03\xff\xff\xff" if alignment else b""
    head = b"\x80\x04](cjoblib.numpy_pickle\nNumpyArrayWrapper\n" + make
    return head + described + b"b" + padding + array.tobytes() + rest


def test_the_arrays_of_joblib_are_passed_over_and_what_stands_behind_them_is_found():
    harmful = b"\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85Re."

    read = imports(io.BytesIO(wrapped(numpy.zeros((3, 4)), harmful)))

    assert ("posix", "system") in read.names
    assert read.is_whole


def test_what_pickle_would_find_in_the_bytes_of_an_array_is_found_too():
    hidden = numpy.frombuffer(b"cposix\nsystem\n0" + b"N.", dtype="uint8")

    assert ("posix", "system") in found(wrapped(hidden, b"Ne.", alignment=None))


def test_an_array_that_is_made_in_another_way_ends_the_reading():
    """By `copyreg._reconstructor(NumpyArrayWrapper, object, None)`: joblib would pass over bytes where we would not."""
    unusual = b"cbuiltins\nobject\nN\x87ccopyreg\n_reconstructor\n"
    end = numpy.frombuffer(b"N.", dtype="uint8")

    assert not imports(io.BytesIO(wrapped(end, b"Ne.", alignment=None, make=unusual))).is_whole
