"""The public surface of each package, and what importing it costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

SURFACE = {
    "octograph": {
        "CancelToken",
        "Event",
        "Octograph",
        "OctographError",
        "Route",
        "Turn",
        "__version__",
        "open",
    },
    "octograph.agents": {
        "Asked",
        "Attempt",
        "Citation",
        "CompiledGraph",
        "Conversation",
        "Decided",
        "DoneStep",
        "Evaluated",
        "Event",
        "Finished",
        "Generated",
        "Judged",
        "Retrieved",
        "Routed",
        "Started",
        "StepStarted",
        "Structured",
        "TextWritten",
        "ThreadInfo",
        "ThreadStore",
        "Turn",
        "document",
        "orchestrate",
    },
    "octograph.agents.evaluation": {
        "RoutingExample",
        "calibration_error",
        "evaluate_routing",
        "read_routing",
    },
    "octograph.agents.steps": {
        "Comparison",
        "DecideStep",
        "Emit",
        "Evaluation",
        "Evaluator",
        "GenerateStep",
        "JudgeStep",
        "RetrieveStep",
        "Retriever",
        "RouteStep",
        "Step",
        "Steps",
        "as_node",
    },
    "octograph.api": {"Octograph", "open"},
    "octograph.cli": {"main"},
    "octograph.nodes.host": {
        "HostProcess",
        "HostState",
        "Service",
        "Steps",
        "Ticket",
    },
    "octograph.nodes.llama": {"LlamaClient", "SERVICE"},
    "octograph.nodes.master": {
        "ComposedQuery",
        "DEFAULT_SYSTEM",
        "Fit",
        "FunctionalHead",
        "HeadFile",
        "HiddenStates",
        "Labelled",
        "Master",
        "Material",
        "NO_WORKER",
        "PlannedStep",
        "QueryReader",
        "ReadRequest",
        "ReadingAdapter",
        "Reformulation",
        "Reformulator",
        "Route",
        "Router",
        "StepNetwork",
        "StepTask",
        "TokenStates",
        "bundled_adapter",
        "compose",
        "find_adapter",
        "fit_rows",
        "train_heads",
    },
    "octograph.nodes.models": {
        "GGUFSummary",
        "LoraFactors",
        "ModelStore",
        "check_gguf",
        "convert_lora",
        "read_lora",
    },
    "octograph.nodes.tools": {
        "Clock",
        "SystemClock",
        "TOOL_NAMES",
        "Tool",
        "ToolAnswer",
        "make_tool",
        "with_result",
    },
    "octograph.agents.learning": {
        "Feedback",
        "FeedbackKind",
        "FeedbackStore",
        "Greedy",
        "LearningRouter",
        "POLICIES",
        "Policy",
        "Posteriors",
        "Thompson",
        "UCB",
        "choosable",
        "cluster_of",
        "feedback_on",
    },
    "octograph.composition": {
        "adapter_path",
        "composing_path",
        "evaluator_path",
        "head_path",
        "host_pool",
        "knowledge_folders",
        "limits_of",
        "make_discoveries",
        "make_evaluators",
        "make_judge",
        "make_library",
        "make_master",
        "make_outcome_router",
        "make_router",
        "make_splitter",
        "make_workers",
        "model_store",
        "outcomes_path",
        "own_head_path",
        "query_readers",
        "remote_model",
        "routed",
        "step_task",
        "validation_path",
        "worker_alone",
    },
    "octograph.nodes.deciders": {
        "Embedder",
        "NeighboursRouter",
        "RemoteRouter",
        "Target",
        "targets_of",
    },
    "octograph.nodes.embedder": {
        "EmbedderClient",
        "SERVICE",
        "embedder_host",
    },
    "octograph.nodes.remote": {"KeyRing", "RemoteModel"},
    "octograph.nodes.training": {
        "AdapterJob",
        "AdapterReport",
        "Judged",
        "ModelCard",
        "PromptCard",
        "PromptJob",
        "PromptReport",
        "Trainer",
        "TrainingProgress",
        "WorkerJob",
        "WorkerReport",
    },
    "octograph.tui": {"make_app", "run"},
    "octograph.agents.cot": {
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
    },
    "octograph.agents.judging": {
        "ASPECTS",
        "Aspect",
        "Judge",
        "Judgement",
        "TEMPLATE",
        "Tokenize",
        "read_aspects",
    },
    "octograph.agents.selection": {
        "AccuracyCoverage",
        "Aspire",
        "Delta",
        "Intervals",
        "Likelihood",
        "PTrue",
        "Perplexity",
        "PredictiveEntropy",
        "Sample",
        "Samples",
        "SelectionScore",
        "SemanticEntropy",
        "Threshold",
        "accuracy_coverage",
        "auacc",
        "auroc",
        "bootstrap_intervals",
        "coverage_at",
        "plot_curves",
        "threshold_for_accuracy",
        "threshold_for_coverage",
    },
    "octograph.agents.self_discover": {
        "DEMONSTRATION",
        "Discovered",
        "Discovery",
        "MODULES",
        "MODULES_BY_NAME",
        "Origin",
        "ReasoningModule",
        "StoredStructure",
        "StructureStore",
    },
}

HEAVY = {"langgraph", "langchain_core", "llama_cpp", "networkx", "numpy", "pydantic", "sklearn", "textual", "torch"}


@pytest.mark.parametrize("package", SURFACE)
def test_the_public_names_are_these(package: str) -> None:
    module = importlib.import_module(package)
    assert set(module.__all__) == SURFACE[package]
    assert len(module.__all__) == len(set(module.__all__))
    assert all(hasattr(module, name) for name in module.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import octograph

    assert set(dir(octograph)) == SURFACE["octograph"]
    with pytest.raises(AttributeError, match="oktograph"):
        _ = octograph.oktograph


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not HEAVY & _loaded_by("import octograph")


def test_help_loads_the_standard_library_and_the_command_line_alone() -> None:
    code = "import contextlib, octograph.cli\nwith contextlib.suppress(SystemExit): octograph.cli.main(['--help'])"
    loaded = _loaded_by(code)
    own = {name for name in loaded if name.partition(".")[0] == "octograph"}
    assert {name for name in own if not name.startswith("octograph.cli")} <= {
        "octograph",
        "octograph.errors",
        "octograph.terminal",
    }
    # What a bare interpreter of this environment loads (hooks of editable installs) is not ours to answer for.
    foreign = {name.partition(".")[0] for name in loaded - own - _loaded_by("")} - sys.stdlib_module_names
    assert foreign == set()


def _loaded_by(code: str) -> set[str]:
    """Names of the modules that a fresh process has loaded after some code."""
    report = f"{code}\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.splitlines()[-1].split())
