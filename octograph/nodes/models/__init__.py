"""Models on this machine: where they come from, whether they are sound, how they get here."""

from octograph.nodes.models.gguf_file import GGUFSummary, check_gguf
from octograph.nodes.models.lora import LoraFactors, convert_lora, read_lora
from octograph.nodes.models.store import ModelStore

__all__ = ["GGUFSummary", "LoraFactors", "ModelStore", "check_gguf", "convert_lora", "read_lora"]
