"""The 39 reasoning modules of Self-Discover (Zhou et al. 2024, https://arxiv.org/abs/2402.03620).

Numbers and subjects are the paper's; the sentences are our own and short, for all of them stand in one prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["MODULES", "MODULES_BY_NAME", "ReasoningModule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningModule:
    """A way of thinking about a problem.

    Attributes
    ----------
    number
        Its place in the paper's list, from 1.
    name
        A few words that no other module has.
    sentence
        What to do.

    """

    number: int
    name: str
    sentence: str


_TABLE: Final = (
    ("test it", "Set up a small trial whose outcome tells the possible answers apart."),
    ("try ideas", "Write down several candidate answers and check each of them in turn."),
    ("track progress", "Say after every step how far away the goal still is."),
    ("simplify", "Turn the problem into an easier one that has the same answer."),
    ("check assumptions", "Name what is being taken for granted and ask whether it is true."),
    ("weigh risks", "For every candidate answer, note what could be wrong with it."),
    ("change viewpoint", "Look at it as somebody else involved would."),
    ("look far ahead", "Follow what each choice leads to after a long time."),
    ("break down", "Divide it into parts that can be solved one at a time."),
    ("think critically", "Examine the evidence and the logic, and look for gaps and bias."),
    ("think creatively", "Look for an unusual idea that the obvious reading misses."),
    ("ask others", "Say whose knowledge would help, and what they would say."),
    ("see the system", "Treat it as parts that act on each other, and follow those links."),
    ("analyse dangers", "Estimate how likely each thing is to go wrong and how bad that would be."),
    ("reflect", "Step back, and question your own first impression."),
    ("core issue", "State in one sentence what is really being asked."),
    ("find causes", "Trace what is observed back to what brings it about."),
    ("learn from attempts", "Recall what was done about it earlier and why that did or did not work."),
    ("spot obstacles", "Name what stands in the way of the answer."),
    ("gather data", "Collect the facts that matter, and where each comes from."),
    ("affected people", "List who has a stake in it and what each of them wants."),
    ("needed resources", "Work out what means the solution takes: time, money, tools, people."),
    ("success criteria", "Decide how one will know that the answer is good."),
    ("pick indicators", "Choose quantities that show whether things are getting better."),
    ("technical or conceptual", "Decide whether know-how is needed here or a clear notion of the terms."),
    ("physical limits", "Check what bodies, space, materials and time make impossible."),
    ("human behaviour", "Consider how people feel, decide and act in this situation."),
    ("decide unsure", "Compare the options although some facts are missing, by how likely each outcome is."),
    ("model and optimise", "Put it into quantities and relations, and compute the best value."),
    ("design", "Treat it as something to be made: requirements first, then a draft that meets them."),
    ("wider pattern", "Ask whether this is one case, or whether a larger pattern is behind it."),
    ("urgency", "Settle what must be done at once and what can wait."),
    ("usual solutions", "Recall how problems of this kind are mostly solved."),
    ("other solutions", "Given the problem alone, guess what else could solve it."),
    ("doubt the best", "Pretend that the favourite answer is wrong, and look for the next best."),
    ("adjust the best", "Keep the favourite answer, and alter the part of it that does not fit."),
    ("start afresh", "Drop every answer so far and construct an entirely different one."),
    ("step by step", "Reason in small steps, each of which follows from the one before."),
    ("plan and do", "Write a short numbered plan first, then work through it in order."),
)

MODULES: Final = tuple(
    ReasoningModule(number=number, name=name, sentence=sentence)
    for number, (name, sentence) in enumerate(_TABLE, start=1)
)
"""All of them, in the paper's order."""

MODULES_BY_NAME: Final[Mapping[str, ReasoningModule]] = MappingProxyType({module.name: module for module in MODULES})
