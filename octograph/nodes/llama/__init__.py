"""llama.cpp: the engine that runs in a host, and the parent's client for it.

Only `client` may be imported outside a host; the rest loads llama.cpp.
"""

from octograph.nodes.llama.client import SERVICE, LlamaClient

__all__ = ["SERVICE", "LlamaClient"]
