"""What the model graph is: nodes, edges, functional vocabulary, TOML files, checks, drawing.

Pure data: nothing here loads or runs a model.
"""

from __future__ import annotations

from octograph.graph.bundled import bundled_names, find, open_graph
from octograph.graph.checks import check
from octograph.graph.drawing import draw
from octograph.graph.edges import Edge, EdgeKind
from octograph.graph.export import FORMATS, ExportFormat, export
from octograph.graph.functional_call import FunctionalCall, parse_call
from octograph.graph.model_graph import ModelGraph
from octograph.graph.models import Model
from octograph.graph.nodes import Decoding, Judge, Knowledge, Master, Node, NodeKind, Reasoning, Worker
from octograph.graph.problems import Problem, ProblemsError
from octograph.graph.toml_file import dumps, dumps_examples, load, loads, save
from octograph.graph.vocabulary import END, NONE, FunctionalVocabulary, parse_token, token_text

__all__ = [
    "END",
    "FORMATS",
    "NONE",
    "Decoding",
    "Edge",
    "EdgeKind",
    "ExportFormat",
    "FunctionalCall",
    "FunctionalVocabulary",
    "Judge",
    "Knowledge",
    "Master",
    "Model",
    "ModelGraph",
    "Node",
    "NodeKind",
    "Problem",
    "ProblemsError",
    "Reasoning",
    "Worker",
    "bundled_names",
    "check",
    "draw",
    "dumps",
    "dumps_examples",
    "export",
    "find",
    "load",
    "loads",
    "open_graph",
    "parse_call",
    "parse_token",
    "save",
    "token_text",
]
