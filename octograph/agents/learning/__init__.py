"""Learning from use, outside the model: feedback moves the choice among the master's candidates, and no weights."""

from octograph.agents.learning.policies import POLICIES, UCB, Greedy, Policy, Thompson
from octograph.agents.learning.posteriors import Posteriors, cluster_of
from octograph.agents.learning.rating import feedback_on
from octograph.agents.learning.router import LearningRouter, choosable
from octograph.agents.learning.store import Feedback, FeedbackKind, FeedbackStore

__all__ = [
    "POLICIES",
    "UCB",
    "Feedback",
    "FeedbackKind",
    "FeedbackStore",
    "Greedy",
    "LearningRouter",
    "Policy",
    "Posteriors",
    "Thompson",
    "choosable",
    "cluster_of",
    "feedback_on",
]
