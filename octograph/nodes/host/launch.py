"""How the child of a host is launched: its command line and its clean environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

__all__ = ["launch"]

# A host gets what it needs to run and nothing that could be a secret: it opens files from strangers.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "LANG",
    "LC_ALL",
    "TZ",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV",
)


def launch(service: str, *, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Launch the child that runs a service, ``module:Class``.

    Parameters
    ----------
    service
        What it runs.
    environment
        Added to the clean environment that it gets.

    Raises
    ------
    OSError
        There is no such process to be had.

    """
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(  # noqa: S603  # our own module, under our own interpreter
        [sys.executable, "-P", "-m", "octograph.nodes.host.child", service],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **environment},
        # A session of its own: Ctrl-C in the terminal is the parent's to handle.
        start_new_session=True,
    )
