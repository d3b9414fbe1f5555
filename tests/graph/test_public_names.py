"""The public surface of the room."""

from __future__ import annotations

import subprocess
import sys

import octograph.graph as room


def test_the_public_names_are_these() -> None:
    assert set(room.__all__) == {
        "END",
        "Decoding",
        "Edge",
        "EdgeKind",
        "ExportFormat",
        "FORMATS",
        "FunctionalCall",
        "FunctionalVocabulary",
        "Judge",
        "Knowledge",
        "Master",
        "Model",
        "ModelGraph",
        "NONE",
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
    }
    assert len(room.__all__) == len(set(room.__all__))
    assert all(hasattr(room, name) for name in room.__all__)


def test_importing_it_loads_no_model_library() -> None:
    heavy = "{'numpy', 'torch', 'llama_cpp', 'textual', 'langgraph', 'rich'}"
    code = f"import sys, octograph.graph; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
