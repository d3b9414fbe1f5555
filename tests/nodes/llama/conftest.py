"""The bundled real model, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.graph import open_graph
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model, only_warnings, quantize
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub


@pytest.fixture(scope="session")
def weights(cache_dir: Path) -> Path:
    """The bundled weights as a host uses them."""
    only_warnings()
    graph = open_graph("embedded")
    store = ModelStore(cache_dir, hub=Hub(), requantise=True)
    config = store.host_config(graph.models["smollm2"], base=graph.folder, threads=2)
    requantised = config["requantised"]
    assert isinstance(requantised, dict)
    target = Path(requantised["path"])
    if not target.is_file():
        quantize(Path(str(config["path"])), target, requantised["kind"], threads=2)
    return target


@pytest.fixture(scope="session")
def model(weights: Path) -> Model:
    """The weights in memory."""
    return Model(weights)


@pytest.fixture(scope="session")
def engine(model: Model) -> Engine:
    """One engine for all tests: what a request leaves in its caches must not change the next one's answer."""
    return Engine(model, threads=2, context=8192)
