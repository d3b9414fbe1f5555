"""Settings: the file, the environment before it, and errors that name the key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octograph import settings
from octograph.errors import UsageError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a configuration file that is not there yet, in an environment that names nothing else."""
    path = tmp_path / "config.toml"
    for name in [name for name in os.environ if name.startswith("OCTOGRAPH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(path))
    return path


def test_without_a_file_the_defaults_hold(file: Path) -> None:
    chosen = settings.load()
    assert settings.config_path() == file
    assert (chosen.graph, chosen.threads, chosen.requantise) == ("embedded", None, True)
    assert chosen.data_dir.name == "octograph"
    assert 1 <= chosen.cpu_threads <= (os.cpu_count() or 1)


def test_the_file_is_read(file: Path) -> None:
    file.write_text('graph = "laptop"\nthreads = 3\nrequantise = false\ndata_dir = "/somewhere"\n')
    chosen = settings.load()
    assert (chosen.graph, chosen.cpu_threads, chosen.requantise) == ("laptop", 3, False)
    assert chosen.data_dir == Path("/somewhere")


def test_the_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("threads = 3\n")
    monkeypatch.setenv("OCTOGRAPH_THREADS", "5")
    assert settings.load().cpu_threads == 5


def test_the_document_is_plain(file: Path) -> None:
    assert set(settings.load().document()) == {
        "api_keys",
        "graph",
        "theme",
        "keys",
        "data_dir",
        "cache_dir",
        "threads",
        "learning",
        "price",
        "requantise",
        "unsure",
        "most_workers",
        "most_tokens",
        "most_seconds",
    }
    assert isinstance(settings.load().document()["data_dir"], str)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thread = 3\n", "'thread'"),
        ("threads = 0\n", "'threads'"),
        ('threads = "many"\n', "'threads'"),
        ("requantise = 7\n", "'requantise'"),
        ("not toml at all", "cannot be read"),
        ('graph = "a"\ngraph = "b"\n', "cannot be read"),
    ],
)
def test_a_wrong_file_is_told(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        settings.load()
    assert caught.value.hint


def test_bytes_that_are_no_text_are_told(file: Path) -> None:
    file.write_bytes(b'graph = "\xff"\n')
    with pytest.raises(UsageError, match="cannot be read"):
        settings.load()


def test_a_wrong_value_in_the_environment_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOGRAPH_THREADS", "all")
    with pytest.raises(UsageError, match="'threads'") as caught:
        settings.load()
    assert "OCTOGRAPH_THREADS" in caught.value.hint


def test_each_setting_says_where_it_comes_from_and_what_it_does(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('threads = 3\nprice = 0.5\nkeys = { "chat.stop" = "ctrl+g" }\n')
    monkeypatch.setenv("OCTOGRAPH_PRICE", "0.25")
    listed = {setting.name: setting for setting in settings.listed()}
    assert list(listed) == list(settings.load().document())
    assert (listed["graph"].origin, listed["graph"].value) == ("default", "embedded")
    assert (listed["threads"].origin, listed["threads"].value) == ("file", 3)
    assert (listed["keys"].origin, listed["keys"].value) == ("file", {"chat.stop": "ctrl+g"})
    assert (listed["price"].origin, listed["price"].value) == ("environment", 0.25)
    assert listed["price"].variable == "OCTOGRAPH_PRICE"
    assert listed["unsure"].choices == ("abstain", "ask")
    assert listed["requantise"].choices == ("true", "false")
    assert all(setting.about.endswith(".") for setting in listed.values())


def test_a_value_can_be_checked_before_it_holds(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOGRAPH_THREADS", "2")
    assert settings.check("threads", "4") == 4
    assert settings.check("requantise", "false") is False
    assert settings.check("keys", {"chat.stop": "x"}) == {"chat.stop": "x"}
    for name, value in (("threads", "many"), ("unsure", "never"), ("keys", "x"), ("price", "-1")):
        with pytest.raises(UsageError, match=f"'{name}'"):
            settings.check(name, value)
    assert settings.load().threads == 2


def test_tables_in_the_environment_are_json(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOGRAPH_KEYS", '{"chat.stop": "ctrl+g"}')
    assert settings.load().keys == {"chat.stop": "ctrl+g"}
    monkeypatch.setenv("OCTOGRAPH_KEYS", "chat.stop")
    with pytest.raises(UsageError, match="environment") as caught:
        settings.load()
    assert "JSON" in caught.value.hint
