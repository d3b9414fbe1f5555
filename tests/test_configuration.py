"""The configuration file: read as it is, changed without losing anything else in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph import configuration, settings
from octograph.errors import UsageError

WRITTEN = """\
# Mine. Do not touch.
graph = "laptop"   # the larger one

threads = 3

[keys]
# left hand
"chat.stop" = "ctrl+g"
chat.new = "f5"

[api_keys]
"https://models.example" = "SOME_KEY"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a configuration file that is not there yet."""
    path = tmp_path / "folder" / "config.toml"
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(path))
    return path


def written(file: Path, text: str) -> Path:
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_says_nothing(file: Path) -> None:
    assert configuration.read() == {}


def test_keys_without_quotes_are_the_same_keys(file: Path) -> None:
    written(file, WRITTEN)
    assert configuration.read()["keys"] == {"chat.stop": "ctrl+g", "chat.new": "f5"}
    assert settings.load().keys == {"chat.stop": "ctrl+g", "chat.new": "f5"}


def test_a_change_leaves_everything_else_as_it_stands(file: Path) -> None:
    written(file, WRITTEN)
    configuration.change("threads", 5)
    assert file.read_text() == WRITTEN.replace("threads = 3", "threads = 5")
    configuration.change("graph", "embedded")
    assert '"embedded"   # the larger one' in file.read_text()


def test_a_new_setting_goes_before_the_tables(file: Path) -> None:
    written(file, WRITTEN)
    configuration.change("theme", "octograph-light")
    text = file.read_text()
    assert text.index("theme") < text.index("[keys]")
    assert configuration.read()["theme"] == "octograph-light"
    configuration.change("theme", None)
    assert file.read_text().split() == WRITTEN.split()


def test_a_setting_that_is_not_there_can_be_taken_out(file: Path) -> None:
    configuration.change("threads", None)
    assert configuration.read() == {}


def test_the_file_and_its_folder_are_made(file: Path) -> None:
    configuration.change("threads", 2)
    assert file.read_text() == "threads = 2\n"


def test_a_link_stays_a_link_and_the_mode_a_mode(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    real = tmp_path / "dotfiles.toml"
    real.write_text("threads = 1\n")
    real.chmod(0o600)
    file.symlink_to(real)
    configuration.change("threads", 2)
    assert file.is_symlink()
    assert real.read_text() == "threads = 2\n"
    assert real.stat().st_mode & 0o777 == 0o600


def test_the_ends_of_lines_stay(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"# mine\r\nthreads = 1\r\nprice = 0.5\r\n")
    configuration.change("threads", 2)
    assert file.read_bytes() == b"# mine\r\nthreads = 2\r\nprice = 0.5\r\n"


@pytest.mark.parametrize("content", [b"not toml at all", b'graph = "\xff"', b'graph = "a"\ngraph = "b"\n'])
def test_what_cannot_be_read_is_not_written_over(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    for call in (configuration.read, lambda: configuration.change("threads", 2)):
        with pytest.raises(UsageError, match="cannot be read") as caught:
            call()
        assert caught.value.hint
    assert file.read_bytes() == content


def test_what_cannot_be_written_is_told(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")
    with pytest.raises(UsageError, match="cannot be") as caught:
        configuration.change("threads", 2)
    assert caught.value.hint
