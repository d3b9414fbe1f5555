"""Selective prediction: how sure one may be of an answer, and from where on it is given."""

from octograph.agents.selection.aspire import Aspire
from octograph.agents.selection.curve import (
    AccuracyCoverage,
    Intervals,
    accuracy_coverage,
    auacc,
    auroc,
    bootstrap_intervals,
    coverage_at,
)
from octograph.agents.selection.entropy import PredictiveEntropy, SemanticEntropy
from octograph.agents.selection.likelihood import Delta, Likelihood, Perplexity
from octograph.agents.selection.p_true import PTrue
from octograph.agents.selection.plot import plot_curves
from octograph.agents.selection.samples import Sample, Samples
from octograph.agents.selection.score import SelectionScore
from octograph.agents.selection.threshold import Threshold, threshold_for_accuracy, threshold_for_coverage

__all__ = [
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
]
