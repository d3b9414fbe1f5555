"""CoT-decoding (Wang and Zhou 2024, arXiv 2402.10200) and self-consistency (Wang et al. 2022, arXiv 2203.11171).

Several texts are written from one prompt, the answer of each is found, and the answers are weighed.
"""

from octograph.agents.cot.options import Options, options_of
from octograph.agents.cot.paths import Election, Way, decided, delta_of, elect, fault_of
from octograph.agents.cot.spans import Numbers, Span, Spans, aligned, covering
from octograph.agents.cot.worker import PathsWorker

__all__ = [
    "Election",
    "Numbers",
    "Options",
    "PathsWorker",
    "Span",
    "Spans",
    "Way",
    "aligned",
    "covering",
    "decided",
    "delta_of",
    "elect",
    "fault_of",
    "options_of",
]
