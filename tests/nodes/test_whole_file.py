"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.nodes.whole_file import written_whole


def test_a_file_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with written_whole(path) as partial:
        partial.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"
    with pytest.raises(UnicodeEncodeError), written_whole(path) as partial:
        partial.write_text("two \ud800", encoding="utf-8")
    assert path.read_text() == "one"
    assert [*path.parent.iterdir()] == [path]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("one")
    real.chmod(0o640)
    link.symlink_to("real")
    with written_whole(link) as partial:
        partial.write_text("two")
    assert link.is_symlink()
    assert real.read_text() == "two"
    assert real.stat().st_mode & 0o777 == 0o640
