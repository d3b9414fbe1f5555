"""Measuring quality on evaluation data."""

from octograph.agents.evaluation.data import RoutingExample, read_routing
from octograph.agents.evaluation.routing import calibration_error, evaluate_routing

__all__ = ["RoutingExample", "calibration_error", "evaluate_routing", "read_routing"]
