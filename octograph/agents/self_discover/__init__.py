"""Self-Discover: a reasoning structure for each task, discovered once, then kept, shown, edited and reused."""

from octograph.agents.self_discover.discovery import DEMONSTRATION, Discovered, Discovery
from octograph.agents.self_discover.modules import MODULES, MODULES_BY_NAME, ReasoningModule
from octograph.agents.self_discover.store import StructureStore
from octograph.agents.self_discover.stored import Origin, StoredStructure

__all__ = [
    "DEMONSTRATION",
    "MODULES",
    "MODULES_BY_NAME",
    "Discovered",
    "Discovery",
    "Origin",
    "ReasoningModule",
    "StoredStructure",
    "StructureStore",
]
