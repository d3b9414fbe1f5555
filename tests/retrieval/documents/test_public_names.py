"""The public surface of the room."""

from __future__ import annotations

import octograph.retrieval.documents as room


def test_the_public_names_are_these() -> None:
    assert set(room.__all__) == {"Document", "Found", "Markup", "find_files", "read_document"}
    assert all(hasattr(room, name) for name in room.__all__)
