"""The keys of servers: which variable of the environment holds the key of which server.

A graph file says where a model runs and never what opens it. A graph from elsewhere could name any address, so a key
goes only to the server that the user's settings give it to.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from octograph.errors import UsageError

__all__ = ["KeyRing"]

_PORTS = {"http": 80, "https": 443}


class KeyRing:
    """Finds the key of a server.

    Parameters
    ----------
    variables
        By the address of a server, such as ``https://api.openai.com``, the name of the variable with its key.
    environment
        Where the variables are; looked into when a key is needed.

    Examples
    --------
    >>> ring = KeyRing({"https://api.openai.com": "OPENAI_API_KEY"}, {"OPENAI_API_KEY": "sk-1"})
    >>> ring.key_for("https://api.openai.com/v1"), ring.key_for("https://example.org/v1")
    ('sk-1', None)

    """

    def __init__(self, variables: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._variables = {_origin(address): name for address, name in variables.items()}
        self._environment = environment

    def variable_for(self, url: str) -> str | None:
        """Return the name of the variable with a server's key, None if the settings name none."""
        return self._variables.get(_origin(url))

    def key_for(self, url: str) -> str | None:
        """Return the key of a server, None if it needs none.

        Raises
        ------
        UsageError
            The settings name a variable, and it is not set.

        """
        variable = self.variable_for(url)
        if variable is None:
            return None
        key = self._environment.get(variable, "").strip()
        if not key or not key.isascii() or not key.isprintable():
            raise UsageError(
                f"the variable {variable!r}, which holds the key of {_shown(url)}, is not set or holds no key",
                hint=f"Set it in the environment that Octograph is started from: `export {variable}=…`.",
            )
        return key


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address if "//" in address else f"//{address}", scheme="https")
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _shown(url: str) -> str:
    scheme, host, port = _origin(url)
    return f"{scheme}://{host}" + ("" if port == _PORTS.get(scheme) else f":{port}")
