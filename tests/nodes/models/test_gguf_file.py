"""Checks on weights: a sound file passes, and every other one is a `ModelFileError`, soon."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octograph.errors import ModelFileError
from octograph.nodes.models import GGUFSummary, check_gguf
from octograph.nodes.models.gguf_file import sha256_of

HEADER_BYTES = 1_800_000
"""More than the header of the bundled weights takes, most of it the vocabulary."""


def written(folder: Path, content: bytes) -> Path:
    path = folder / "weights.gguf"
    path.write_bytes(content)
    return path


def passes(path: Path) -> bool:
    """Whether a file is found sound; it must be decided in a moment, and by no other error."""
    started = time.process_time()
    try:
        summary = check_gguf(path)
    except ModelFileError as error:
        assert error.hint
        assert path.name in error.message
        return False
    finally:
        assert time.process_time() - started < 5
    assert summary.size_bytes == path.stat().st_size
    return True


def test_the_bundled_weights_are_sound(bundled: Path) -> None:
    assert check_gguf(bundled) == GGUFSummary(
        architecture="llama",
        context=8192,
        layers=30,
        file_type=3,
        size_bytes=bundled.stat().st_size,
        kv_bytes=30 * 3 * (64 + 64) * 2,
        vocabulary=49_152,
    )


def test_it_agrees_with_the_reader_of_the_gguf_package(small_gguf: bytes, tmp_path: Path) -> None:
    from gguf import GGUFReader

    path = written(tmp_path, small_gguf)
    end = max(int(tensor.data_offset + tensor.n_bytes) for tensor in GGUFReader(path).tensors)
    assert check_gguf(path) == GGUFSummary(
        architecture="llama",
        context=512,
        layers=0,
        file_type=3,
        size_bytes=len(small_gguf),
        kv_bytes=0,
        vocabulary=0,
    )
    assert passes(written(tmp_path, small_gguf[:end]))
    assert not passes(written(tmp_path, small_gguf[: end - 1]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a GGUF file"),
        (b"GGU", "is not a GGUF file"),
        (b"GGML" + bytes(60), "is not a GGUF file"),
        (b"GGUF" + struct.pack("<IQQ", 1, 1, 1), "has GGUF version 1; 2 and 3 can be read"),
        (b"GGUF" + struct.pack(">IQQ", 3, 1, 1), "has GGUF version 50331648"),
        (b"GGUF" + struct.pack("<I", 3), "truncated or corrupt"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "no tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 1), "9223372036854775808 tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 2**63), "9223372036854775808 metadata entries"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 2**63), "are announced where the file ends"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=said):
        check_gguf(written(tmp_path, content))


def one_entry(kind: int, value: bytes) -> bytes:
    key = b"general.architecture"
    return b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, len(key)) + key + struct.pack("<I", kind) + value + bytes(4096)


@pytest.mark.parametrize("element", range(14))
@pytest.mark.parametrize("length", [2**63, 2**40, 3000, 100])
def test_an_array_longer_than_the_file_is_refused_at_once(element: int, length: int, tmp_path: Path) -> None:
    """The reader of the ``gguf`` package loops for ever over such an array."""
    assert not passes(written(tmp_path, one_entry(9, struct.pack("<IQ", element, length))))


def test_a_name_that_is_no_text_is_refused(tmp_path: Path, small_gguf: bytes) -> None:
    assert not passes(written(tmp_path, one_entry(4, struct.pack("<I", 7))))
    nameless = small_gguf.replace(b"general.architecture", b"general.architectura")
    with pytest.raises(ModelFileError, match="names no architecture"):
        check_gguf(written(tmp_path, nameless))
    unsure = small_gguf.replace(b"general.file_type\x04", b"general.file_typo\x04")
    assert check_gguf(written(tmp_path, unsure)).file_type == -1


def test_every_truncation_of_a_small_file_is_refused(small_gguf: bytes, tmp_path: Path) -> None:
    end = len(small_gguf)
    while passes(written(tmp_path, small_gguf[:end])):  # the padding at the end may be missing
        end -= 1
    for length in range(end):
        assert not passes(written(tmp_path, small_gguf[:length]))


def test_truncations_of_the_bundled_weights_are_refused(bundled: Path, tmp_path: Path) -> None:
    moments = random.Random(11)
    size = bundled.stat().st_size
    lengths = [moments.randrange(HEADER_BYTES) for _ in range(20)] + [moments.randrange(size - 32) for _ in range(10)]
    path = tmp_path / "weights.gguf"
    with bundled.open("rb") as file:
        path.write_bytes(file.read(HEADER_BYTES))
    for length in sorted(lengths, reverse=True):
        with path.open("r+b") as file:
            file.truncate(length)  # behind the header the file is sparse: the weights are not looked at
        assert not passes(path)


def test_flipped_bytes_in_the_header_of_the_bundled_weights(bundled: Path, tmp_path: Path) -> None:
    moments = random.Random(12)
    with bundled.open("rb") as file:
        header = file.read(HEADER_BYTES)
    path = tmp_path / "weights.gguf"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(bundled.stat().st_size)
    assert passes(path)
    types = header.index(b"tokenizer.ggml.token_type") + len(b"tokenizer.ggml.token_type")
    # Everywhere; where most of the structure is; the length of a long array.
    places = [moments.randrange(HEADER_BYTES) for _ in range(10)] + [moments.randrange(2000) for _ in range(10)]
    for place in [*places, *range(types, types + 16)]:
        with path.open("r+b") as file:
            file.seek(place)
            file.write(bytes([header[place] ^ moments.randrange(1, 256)]))
            file.flush()
            passes(path)
            file.seek(place)
            file.write(header[place : place + 1])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_a_small_file_passes_or_is_refused(
    data: st.DataObject, small_gguf: bytes, tmp_path: Path
) -> None:
    damaged = bytearray(small_gguf)
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    passes(written(tmp_path, bytes(damaged)))


@given(st.binary(max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_behind_the_magic_are_refused(tmp_path: Path, rest: bytes) -> None:
    assert not passes(written(tmp_path, b"GGUF" + struct.pack("<I", 3) + rest))


def test_the_checksum_is_compared(small_gguf: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, small_gguf)
    right = sha256_of(path)
    assert check_gguf(path, sha256=right) == check_gguf(path, sha256=right.upper()) == check_gguf(path)
    with pytest.raises(ModelFileError, match=f"SHA-256 {right}, expected {'0' * 64}"):
        check_gguf(path, sha256="0" * 64)
