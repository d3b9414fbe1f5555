"""Models in memory, without any memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from octograph.hosts import HostStatus, LoadPlan

__all__ = ["ScriptedHosts"]

MIB = 2**20


@dataclass(kw_only=True)
class ScriptedHosts:
    """Loads, unloads and pins at once.

    Attributes
    ----------
    statuses
        How it stands with the models, by the first of their names.
    errors
        Raised by what is done next, one at a time.

    """

    statuses: dict[str, HostStatus] = field(default_factory=lambda: {"smollm2": _ready("smollm2")})
    errors: list[Exception] = field(default_factory=list)

    def list(self) -> tuple[HostStatus, ...]:
        """Return how it stands with all of them."""
        return tuple(self.statuses.values())

    def plan(self, model: str) -> LoadPlan:
        """Return that there is room."""
        return LoadPlan(model=model, needs=400 * MIB, free=8000 * MIB, evicts=(), room=8000 * MIB, fits=True)

    def load(self, model: str) -> None:
        """Say that it is ready."""
        self._change(model, _ready(model))

    def unload(self, model: str) -> None:
        """Say that it is stopped."""
        self._change(model, HostStatus(models=(model,), state="stopped", needs=400 * MIB))

    def pin(self, model: str, pinned: bool = True) -> None:
        """Say that it is pinned, or no longer."""
        self._change(model, replace(self.statuses[model], pinned=pinned))

    def _change(self, model: str, status: HostStatus) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.statuses[model] = status


def _ready(model: str) -> HostStatus:
    return HostStatus(models=(model,), state="ready", needs=400 * MIB, resident=380 * MIB)
