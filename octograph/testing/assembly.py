"""A graph and an `Octograph` put together from fakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from octograph.graph import Edge, Knowledge, Master, Model, ModelGraph
from octograph.graph import Worker as WorkerNode
from octograph.nodes.master.route import Router
from octograph.nodes.worker import DecliningWorker, Worker
from octograph.testing.clock import FixedClock
from octograph.testing.router import FixedRouter

if TYPE_CHECKING:  # the agents take over a second to import, and the fakes of hosts do not need them
    from octograph.agents.learning import Policy
    from octograph.agents.limits import Limits
    from octograph.agents.self_discover import Discovery
    from octograph.agents.steps import Comparison, Evaluator
    from octograph.api import Octograph
    from octograph.retrieval.library import Library

__all__ = ["make_graph", "make_octograph"]


def make_graph(
    workers: Sequence[str],
    *,
    escalations: Mapping[str, str] | None = None,
    reads: Mapping[str, str] | None = None,
    declining: Mapping[str, str] | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> ModelGraph:
    """Make a graph with one master that routes to each worker.

    `escalations` lead from worker to worker, `reads` from worker to knowledge base; `declining` are further workers,
    with their reasons; `thresholds` are the `tau` of workers.
    """
    reads, declining, thresholds = reads or {}, declining or {}, thresholds or {}
    nodes = [
        WorkerNode(name=worker, description=worker, model="fake", tau=thresholds.get(worker), examples=(worker,))
        for worker in workers
    ]
    nodes += [WorkerNode(name=worker, description=worker, declines=reason) for worker, reason in declining.items()]
    routes = [Edge(source="router", target=worker, kind="routes_to") for worker in (*workers, *declining)]
    passed_on = [Edge(source=a, target=b, kind="escalates_to") for a, b in (escalations or {}).items()]
    read = [Edge(source=a, target=b, kind="reads") for a, b in reads.items()]
    bases = [Knowledge(name=base) for base in dict.fromkeys(reads.values())]
    model = Model(name="fake", source="path:fake.gguf")
    master = Master(name="router", model="fake")
    return ModelGraph("fakes", "router", [model], [master, *nodes, *bases], [*routes, *passed_on, *read])


def make_octograph(
    folder: Path,
    workers: Mapping[str, Worker],
    *,
    router: Router | None = None,
    escalations: Mapping[str, str] | None = None,
    reads: Mapping[str, str] | None = None,
    declining: Mapping[str, str] | None = None,
    library: Library | None = None,
    clock: FixedClock | None = None,
    learning: Policy | None = None,
    thresholds: Mapping[str, float] | None = None,
    evaluators: Mapping[str, Evaluator] | None = None,
    discoveries: Mapping[str, Discovery] | None = None,
    judge: Comparison | None = None,
    limits: Limits | None = None,
) -> Octograph:
    """Put an `Octograph` together from fakes.

    Parameters
    ----------
    folder
        Where the conversations are kept.
    workers
        Who answers, by name.
    router
        Who chooses; the first worker gets everything if None.
    escalations
        ``escalates_to`` edges of the graph.
    declining
        Workers besides that decline, with their reasons.
    reads, library
        ``reads`` edges of the graph, and the knowledge bases that they lead to.
    clock
        Dates the turns.
    learning
        How feedback moves the choice.
    thresholds, evaluators
        The least selection score of a worker's answers that is taken, and who tells the score.
    discoveries
        Who discovers reasoning structures for a worker.
    judge
        Who compares the answers that nobody was sure of.
    limits
        What a turn may cost, and whether the person is asked.

    """
    from octograph.agents.limits import DEFAULT
    from octograph.api import Octograph

    names = tuple(workers)
    declined = {name: DecliningWorker(reason) for name, reason in (declining or {}).items()}
    return Octograph(
        graph=make_graph(names, escalations=escalations, reads=reads, declining=declining, thresholds=thresholds),
        router=router or FixedRouter(names, otherwise=names[0]),
        workers={**workers, **declined},
        threads_file=folder / "threads.sqlite",
        clock=clock or FixedClock(),
        library=library,
        learning=learning,
        evaluators=evaluators,
        discoveries=discoveries,
        judge=judge,
        limits=limits or DEFAULT,
    )
