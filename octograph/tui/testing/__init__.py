"""A backend that plays a script: for tests, snapshots and demonstrations without models."""

from __future__ import annotations

from octograph.tui.testing.backend import ScriptedBackend
from octograph.tui.testing.beats import Beat, Pause
from octograph.tui.testing.documents import ScriptedDocuments, an_entry
from octograph.tui.testing.hosts import ScriptedHosts
from octograph.tui.testing.recording import read_recording, recorded, write_recording
from octograph.tui.testing.scripts import a_route, abstained, answered, escalated, planned
from octograph.tui.testing.threads import ScriptedThreads

__all__ = [
    "Beat",
    "Pause",
    "ScriptedBackend",
    "ScriptedDocuments",
    "ScriptedHosts",
    "ScriptedThreads",
    "a_route",
    "abstained",
    "an_entry",
    "answered",
    "escalated",
    "planned",
    "read_recording",
    "recorded",
    "write_recording",
]
