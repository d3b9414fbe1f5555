"""The engine's service: what it cannot do is an answer and not a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from octograph.errors import HostError, HostRequestError, ModelFileError
from octograph.nodes.generation import Message
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient


@pytest.fixture(scope="module")
def host(weights: Path) -> Iterator[HostProcess]:
    process = HostProcess(
        name="real", service=SERVICE, config=lambda: {"path": str(weights), "threads": 2, "context": 512}
    )
    yield process
    process.stop()


async def test_requests_that_make_no_sense_leave_the_host_alive(host: HostProcess) -> None:
    with pytest.raises(HostRequestError, match="knows no operation 'sing'"):
        await host.call("sing", {})
    with pytest.raises(HostError, match="KeyError"):
        await host.call("decode", {"messages": []})
    with pytest.raises(HostError, match="KeyError"):
        await host.call("count", {"prompt": [{"messages": [{"role": "user"}]}]})
    with pytest.raises(HostError, match="TypeError"):
        await host.call("hidden", {"texts": "x"})
    assert await LlamaClient(host).count((Message(role="user", content="hello"),)) > 1
    assert host.starts == 1


def test_it_tells_about_the_model(host: HostProcess, weights: Path) -> None:
    host.ensure_ready()
    told = {
        key: host.info[key]
        for key in ("path", "context", "adapted_context", "embedding_size", "layers", "vocabulary_size")
    }
    assert told == {
        "path": str(weights),
        "context": 512,
        "adapted_context": 512,
        "embedding_size": 576,
        "layers": 30,
        "vocabulary_size": 49152,
    }


def test_weights_that_llama_cpp_refuses_are_told_and_can_be_mended(tmp_path: Path, weights: Path) -> None:
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    process = HostProcess(name="bad", service=SERVICE, config=lambda: {"path": str(path), "threads": 1, "context": 512})
    with pytest.raises(ModelFileError, match=r"cannot load 'weights\.gguf'"):
        process.ensure_ready()
    assert process.state == "failed"
    path.unlink()
    path.symlink_to(weights)
    process.ensure_ready()
    assert process.info["context"] == 512
    process.stop()
