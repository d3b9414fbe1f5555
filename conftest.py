"""What all tests and all examples share: folders of their own, and no network for our code's clients of a model hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Keep away from the model hub; its client looks at this once, when it is first imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all, and for all processes of a run, so that weights are requantised once."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return tmp_path_factory.mktemp("cache")
    folder = tmp_path_factory.getbasetemp().parent / "cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[None]:
    """Keep the tests away from the user's conversations, cache and configuration."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("OCTOGRAPH_")]:
            environment.delenv(name)
        environment.setenv("OCTOGRAPH_DATA_DIR", str(home / "data"))
        environment.setenv("OCTOGRAPH_CACHE_DIR", str(cache_dir))
        environment.setenv("OCTOGRAPH_CONFIG", str(home / "config.toml"))
        yield
