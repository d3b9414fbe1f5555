"""The model hub, against a server on this machine that speaks its protocol."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from octograph.errors import ModelMissingError, UsageError
from octograph.graph import Model
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.testing import FakeHub

REPO = "somebody/Tiny-GGUF"
BIG = bytes(range(256)) * 4096  # a megabyte
FILES = {
    "README.md": b"A tiny model.",
    "Tiny.Q4_K_M.gguf": BIG,
    "Tiny-Q8_0.gguf": b"eight bits",
    "long/Tiny-Instruct-Q8_0.gguf": b"eight bits of another",
    "Tiny.F16.gguf": b"sixteen bits",
}


@pytest.fixture
def server(hub_client: None) -> Iterator[FakeHub]:
    with FakeHub({REPO: FILES}) as server:
        yield server


@pytest.fixture
def hub(server: FakeHub, tmp_path: Path) -> Hub:
    return Hub(endpoint=server.endpoint, cache=tmp_path / "hub")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("Q4_K_M", "Tiny.Q4_K_M.gguf"),
        ("q4_k_m", "Tiny.Q4_K_M.gguf"),
        ("Q8_0", "Tiny-Q8_0.gguf"),
        ("Tiny.F16.gguf", "Tiny.F16.gguf"),
        ("Tiny.F16", "Tiny.F16.gguf"),
        ("long/Tiny-Instruct-Q8_0.gguf", "long/Tiny-Instruct-Q8_0.gguf"),
    ],
)
def test_a_model_is_pulled_by_its_quantisation_or_name_and_then_found(
    server: FakeHub, hub: Hub, what: str, name: str
) -> None:
    reference = f"{REPO}:{what}"
    assert hub.cached(reference) is None
    assert server.asked == []
    path = hub.pull(reference)
    assert path.read_bytes() == FILES[name]
    asked = len(server.asked)
    assert hub.cached(reference) == path
    assert len(server.asked) == asked
    assert len(server.downloads()) == 1


def test_what_was_pulled_is_not_fetched_again(server: FakeHub, hub: Hub) -> None:
    first = hub.pull(f"{REPO}:F16")
    assert hub.pull(f"{REPO}:F16") == first
    assert len(server.downloads()) == 1
    assert hub.cached(f"{REPO}:Q8_0") is None  # another file of the same repository


def test_a_pulled_model_is_found_by_the_store(hub: Hub, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "cache", hub=hub, requantise=False)
    model = Model(name="tiny", source=f"hf:{REPO}:F16")
    with pytest.raises(ModelMissingError) as caught:
        store.locate(model, base=None)
    assert caught.value.hint == f"Run `octograph models pull hf:{REPO}:F16` once while online."
    pulled = hub.pull(f"{REPO}:F16")
    assert store.locate(model, base=None) == pulled


def test_a_download_that_breaks_off_goes_on_where_it_stood(server: FakeHub, hub: Hub) -> None:
    server.break_offs = 2
    assert hub.pull(f"{REPO}:Q4_K_M").read_bytes() == BIG
    half = len(BIG) // 2
    assert server.downloads() == ["", f"bytes={half}-", f"bytes={half + half // 2}-"]


def test_a_file_that_the_repository_lacks_is_answered_with_what_it_has(hub: Hub) -> None:
    with pytest.raises(ModelMissingError, match="has no file for 'Q2_K'") as caught:
        hub.pull(f"{REPO}:Q2_K")
    for name in FILES:
        assert (name in caught.value.hint) == name.endswith(".gguf")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("reference", ["nobody/nothing:Q8_0", "some$body/Tiny:Q8_0", "some--body/..x:Q8_0"])
def test_a_repository_that_is_not_there_is_missing(hub: Hub, reference: str) -> None:
    assert hub.cached(reference) is None
    with pytest.raises(ModelMissingError, match="could not be fetched") as caught:
        hub.pull(reference)
    assert "Check the name" in caught.value.hint


@pytest.mark.parametrize("reference", ["", "x", "user/repo", "user/repo:", "repo:Q8_0", "a/b/c:Q8_0"])
def test_a_reference_that_is_none_is_a_wrong_call(hub: Hub, reference: str) -> None:
    for act in (hub.cached, hub.pull):
        with pytest.raises(UsageError, match="is no hub reference"):
            act(reference)


def test_a_page_of_a_hotel_is_no_model(server: FakeHub, hub: Hub) -> None:
    server.portal = True
    with pytest.raises(ModelMissingError, match="could not be fetched"):
        hub.pull(f"{REPO}:F16")


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_a_missing_model(server: FakeHub, tmp_path: Path) -> None:
    """The hub's client tries it again for more than twenty seconds."""
    nobody = Hub(endpoint="http://127.0.0.1:1", cache=tmp_path / "hub")
    with pytest.raises(ModelMissingError, match="could not be fetched"):
        nobody.pull(f"{REPO}:F16")


def test_a_cached_file_whose_content_is_gone_is_not_there(hub: Hub) -> None:
    hub.pull(f"{REPO}:F16").resolve().unlink()
    assert hub.cached(f"{REPO}:F16") is None


def test_offline_nothing_is_asked_and_what_is_there_is_found(server: FakeHub, hub: Hub, tmp_path: Path) -> None:
    hub.pull(f"{REPO}:F16")
    asked = len(server.asked)
    program = (
        "import sys; from pathlib import Path; from octograph.nodes.models.hub import Hub\n"
        "from octograph.errors import ModelMissingError\n"
        "hub = Hub(endpoint=sys.argv[1], cache=Path(sys.argv[2]))\n"
        "print(hub.cached(sys.argv[3] + ':F16').read_text())\n"
        "try: hub.pull(sys.argv[3] + ':Q8_0')\n"
        "except ModelMissingError as error: print('offline' in error.message.lower())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, server.endpoint, str(tmp_path / "hub"), REPO],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == "sixteen bits\nTrue\n", done.stderr
    assert len(server.asked) == asked
