"""Answers judged by how likely a model makes them when it is asked for a good one."""

from octograph.agents.judging.aspects import ASPECTS, TEMPLATE, Aspect
from octograph.agents.judging.aspects_file import read_aspects
from octograph.agents.judging.judge import Judge, Judgement
from octograph.nodes.decoding import Tokenize

__all__ = ["ASPECTS", "TEMPLATE", "Aspect", "Judge", "Judgement", "Tokenize", "read_aspects"]
