"""Hosts: child processes that hold the models, and the protocol spoken with them.

The main process never loads weights: a damaged file, a crash in native code or a lack of memory ends a host
and not the conversation.
"""

from octograph.nodes.host.process import HostProcess, HostState
from octograph.nodes.host.service import Service, Steps, Ticket

__all__ = ["HostProcess", "HostState", "Service", "Steps", "Ticket"]
