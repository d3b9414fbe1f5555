"""The embedder: texts become vectors, in a host of its own.

Only `client` may be imported outside a host; `service` loads torch once it is set up.
"""

from octograph.nodes.embedder.client import SERVICE, EmbedderClient, embedder_host

__all__ = ["SERVICE", "EmbedderClient", "embedder_host"]
