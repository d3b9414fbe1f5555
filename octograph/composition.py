"""The one place where all parts are put together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from octograph.agents.cot import PathsWorker, options_of
from octograph.agents.evaluation.answering import WorkerAlone
from octograph.agents.judging import ASPECTS, Judge
from octograph.agents.limits import Limits
from octograph.agents.selection import Aspire
from octograph.agents.self_discover import Discovery
from octograph.agents.steps import Comparison
from octograph.errors import GraphError, HeadError, UsageError
from octograph.graph import Model, ModelGraph, open_graph
from octograph.graph import Worker as WorkerNode
from octograph.graph.beside import HEAD_ENDING, find_beside
from octograph.graph.bundled import bundled_folder
from octograph.nodes.deciders import NeighboursRouter, RemoteRouter, targets_of
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.nodes.embedder.client import MODEL as EMBEDDER
from octograph.nodes.grounded import GroundedWorker
from octograph.nodes.master import (
    HeadFile,
    Master,
    Material,
    QueryReader,
    Reformulator,
    Router,
    StepNetwork,
    StepTask,
    find_adapter,
)
from octograph.nodes.master.composing import queries_to_plan, written_queries
from octograph.nodes.master.kept_reader import KeptReader
from octograph.nodes.master.outcome_router import OutcomeRouter
from octograph.nodes.master.outcomes import OutcomeRows
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.models.store import adapter_path, evaluator_path
from octograph.nodes.pool import HostPool
from octograph.nodes.programs import ProgramWorker
from octograph.nodes.remote import KeyRing, RemoteModel
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.structured import StructuredWorker
from octograph.nodes.tools import Clock, make_tool
from octograph.nodes.training import Trainer
from octograph.nodes.worker import DecliningWorker, ModelWorker, ToolWorker, Worker
from octograph.retrieval.knowledge_base import REMEMBERED, KnowledgeBase
from octograph.retrieval.library import Library
from octograph.retrieval.splitting import Splitter
from octograph.settings import Settings

__all__ = [
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
]


SINGLES = 6
"""One of so many bundled example queries is among the queries of one step from which steps are learned."""


def model_store(settings: Settings) -> ModelStore:
    """Return the models of this machine as the settings want them."""
    return ModelStore(settings.cache_dir, hub=Hub(), requantise=settings.requantise)


def host_pool(graph: ModelGraph, settings: Settings) -> HostPool:
    """Return what a graph's models run on; nothing is started, and no server is called."""
    keys = _key_ring(settings)
    return HostPool(graph, store=model_store(settings), threads=settings.cpu_threads, keys=keys)


def remote_model(model: Model, settings: Settings) -> RemoteModel:
    """Return a model at a server, with the key that the settings have for it; the server is not called."""
    return RemoteModel(model.source, keys=_key_ring(settings), context=model.context)


def _key_ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.api_keys, os.environ)


@contextmanager
def query_readers(graph: ModelGraph, settings: Settings) -> Iterator[Mapping[str, QueryReader]]:
    """Give the readers of a graph's models by name, which keep what they read; their hosts end with the block."""
    pool, store = host_pool(graph, settings), model_store(settings)
    with ExitStack() as stack:
        stack.callback(pool.close)
        kept: dict[str, QueryReader] = {}
        for model in {master.model for master in graph.masters()}:
            reader = KeptReader(
                pool.clients[model],
                path=settings.cache_dir / "states.sqlite",
                identity=store.identity(graph.models[model], base=graph.folder),
            )
            stack.callback(reader.close)
            kept[model] = reader
        yield kept


def make_router(graph: ModelGraph, pool: HostPool, *, price: float) -> Router:
    """Return the master of a graph, with outcomes weighed against cost if the graph has outcome rows.

    Raises
    ------
    HeadError
        The functional head or the outcome rows are missing or do not fit the graph.
    UsageError
        There is a price and a worker without a cost.

    """
    master = make_master(graph, pool)
    if not outcomes_path(graph).is_file():
        return master
    return make_outcome_router(graph, pool.clients[graph.master.model], price=price, router=master)


def make_outcome_router(
    graph: ModelGraph, reader: QueryReader, *, price: float, router: Router | None = None
) -> OutcomeRouter:
    """Return the router that weighs chances of success against cost, with the rows of the file beside the graph.

    Raises
    ------
    HeadError
        The outcome rows are missing or do not fit the graph.
    UsageError
        There is a price and a worker without a cost.

    """
    path = outcomes_path(graph)
    rows = OutcomeRows.load(path)
    return OutcomeRouter(
        reader,
        rows,
        tokens={target.name: target.token for target in targets_of(graph)},
        costs={worker.name: worker.cost for worker in graph.workers()},
        price=price,
        adapter=None if rows.adapter is None else find_adapter(rows.adapter, base=path.parent).path,
        router=router,
    )


@contextmanager
def routed(graph: ModelGraph, settings: Settings, kind: str) -> Iterator[Router]:
    """Give a router of a graph; what it runs on ends with the block.

    Parameters
    ----------
    graph, settings
        The graph, and the settings of its hosts.
    kind
        ``master``; ``neighbours`` for the embedding router; or the address of an endpoint that decides.

    Raises
    ------
    UsageError
        There is no such kind.

    """
    with ExitStack() as stack:
        if kind == "master":
            pool = host_pool(graph, settings)
            stack.callback(pool.close)
            yield make_router(graph, pool, price=settings.price)
        elif kind == "neighbours":
            host = embedder_host(model_store(settings), threads=settings.threads_beside)
            stack.callback(host.stop)
            yield NeighboursRouter(graph, embedder=EmbedderClient(host))
        elif kind.startswith(("http://", "https://")):
            yield RemoteRouter(kind, workers=targets_of(graph))
        else:
            raise UsageError(
                f"{kind!r} is no router", hint="Use 'master', 'neighbours' or the address of an endpoint, http://…"
            )


def make_library(
    folders: Mapping[str, Path], settings: Settings, *, threads: int, remembered: int = REMEMBERED
) -> Library:
    """Return the knowledge bases in some folders by name, over one embedder with so many threads; nothing is started.

    Each remembers the vectors of so many queries.
    """
    store = model_store(settings)
    embedder = EmbedderClient(embedder_host(store, threads=threads))
    bases = {
        name: KnowledgeBase(folder, embedder=embedder, splitter=lambda: make_splitter(store), remembered=remembered)
        for name, folder in folders.items()
    }
    return Library(bases, end=embedder.host.stop)


def make_splitter(store: ModelStore) -> Splitter:
    """Return what splits documents for the embedder."""
    return Splitter(store.locate(EMBEDDER, base=None) / "tokenizer.json")


def knowledge_folders(graph: ModelGraph, settings: Settings) -> Mapping[str, Path]:
    """Where the knowledge bases of a graph are kept, by name: beside the graph file, or among the user's data."""
    return {
        node.name: settings.data_dir / "knowledge" / node.name
        if node.path is None
        else (graph.folder or Path()) / node.path
        for node in graph.knowledge()
    }


@contextmanager
def step_task(path: Path, settings: Settings, *, seed: int) -> Iterator[StepTask]:
    """Give what a master learns to tell steps apart with; its host ends with the block.

    Networks that are there already are those of the head file at `path`, and the bundled ones.
    """
    trainer = Trainer(threads=settings.cpu_threads)
    known: list[StepNetwork] = []
    for file in (path, *bundled_folder().glob("*.head.safetensors")):
        with suppress(HeadError):
            known += HeadFile.load(file).steps.values()
    material, written = Material.load(composing_path()), written_queries(bundled_folder() / "composed.jsonl")
    bundled = open_graph("embedded")
    singles = [query for queries in bundled.examples(bundled.master_name).values() for query in queries[::SINGLES]]
    try:
        yield StepTask(
            queries=queries_to_plan(material, written, singles, seed=seed),
            fit=partial(trainer.fit_steps, seed=seed),
            known=known,
        )
    finally:
        trainer.close()


def composing_path() -> Path:
    """Where the material of composed queries is."""
    return bundled_folder() / "composing.toml"


def validation_path(graph: ModelGraph) -> Path:
    """Where a graph's validation queries are, if it has any: beside the graph file, or beside the head it shares."""
    head = head_path(graph)
    return head.with_name(head.name.removesuffix(HEAD_ENDING) + ".validation.jsonl")


def head_path(graph: ModelGraph) -> Path:
    """Where a graph's functional heads are: beside the graph file, or the bundled ones that it shares."""
    own = own_head_path(graph)
    return own if graph.head_file is None else find_beside(own.parent, graph.head_file)


def own_head_path(graph: ModelGraph) -> Path:
    """Where a graph's functional heads are written: beside the graph file, of its name or of the one it shares."""
    path = _beside(graph, HEAD_ENDING)
    return path if graph.head_file is None else path.parent / graph.head_file


def outcomes_path(graph: ModelGraph) -> Path:
    """Where a graph's outcome rows are kept, if it has any: beside the graph file."""
    return _beside(graph, ".outcomes.safetensors")


def _beside(graph: ModelGraph, ending: str) -> Path:
    if graph.path is None:
        raise GraphError("a graph that is in no file has no files beside it", hint="Save it first.")
    return graph.path.with_suffix(ending)


def make_master(graph: ModelGraph, pool: HostPool) -> Master:
    """Return the master of a graph, with the heads of the file beside it.

    Raises
    ------
    HeadError
        The graph's functional head is missing or does not fit it.

    """
    path = head_path(graph)
    file = HeadFile.load(path)
    sources = {head.adapter for head in file.heads.values() if head.adapter is not None}
    return Master(
        graph,
        readers=pool.clients,
        heads=file.heads,
        adapters={source: find_adapter(source, base=path.parent).path for source in sources},
        steps=file.steps.get(graph.master_name),
        reformulator=Reformulator(pool.clients[graph.master.model]),
    )


def make_workers(graph: ModelGraph, pool: HostPool, clock: Clock) -> Mapping[str, Worker]:
    """Return the workers of a graph by name."""
    workers: dict[str, Worker] = {}
    for node in graph.workers():
        if node.tool is not None:
            workers[node.name] = ToolWorker(make_tool(node.tool, clock=clock))
        elif node.declines is not None:
            workers[node.name] = DecliningWorker(node.declines)
        else:
            workers[node.name] = _model_worker(graph, node, pool)
    return workers


def worker_alone(
    graph: ModelGraph, node: WorkerNode, pool: HostPool, clock: Clock, *, structure: ReasoningStructure | None = None
) -> WorkerAlone:
    """Return a worker of a graph as it is asked in evaluations, without the master."""
    reads = bool(graph.neighbours(node.name, "reads"))
    return WorkerAlone(node.name, make_workers(graph, pool, clock)[node.name], reads=reads, structure=structure)


def _model_worker(graph: ModelGraph, node: WorkerNode, pool: HostPool) -> Worker:
    adapter = adapter_path(node, graph.folder)
    model = pool.model(node.model or "")
    if node.decoding == "program":
        return ProgramWorker(node, pool.clients[node.model or ""], adapter=adapter)
    plain: Worker
    if node.decoding in ("cot", "self-consistency"):
        plain = PathsWorker(node, pool.clients[node.model or ""], adapter=adapter)
    elif node.reasoning == "self-discover":
        plain = StructuredWorker(node, model, adapter=adapter, form=node.structure, choices=options_of)
    else:
        plain = ModelWorker(node, model, adapter=adapter)
    if graph.neighbours(node.name, "reads"):
        return GroundedWorker(node, model, plain=plain, adapter=adapter)
    return plain


def limits_of(settings: Settings) -> Limits:
    """Return what a turn may cost, and what becomes of it when nobody is sure."""
    return Limits(
        workers=settings.most_workers,
        tokens=settings.most_tokens,
        seconds=settings.most_seconds,
        unsure=settings.unsure,
    )


def make_discoveries(graph: ModelGraph, pool: HostPool) -> Mapping[str, Discovery]:
    """Return who discovers reasoning structures, by the worker that asks for one."""
    return {
        node.name: Discovery(pool.model(node.discoverer or node.model or ""))
        for node in graph.workers()
        if node.reasoning == "self-discover" and node.model is not None
    }


def make_evaluators(graph: ModelGraph, pool: HostPool) -> Mapping[str, Aspire]:
    """Return what tells how sure one may be of the answers of a graph's models here, by worker."""
    return {
        node.name: Aspire(
            client,
            client.tokenize,
            theta_s=evaluator_path(node, graph.folder),
            alpha=node.alpha,
            length_normalised=node.length_normalised,
        )
        for node in graph.workers()
        if (client := pool.clients.get(node.model or "")) is not None
    }


def make_judge(graph: ModelGraph, pool: HostPool) -> Comparison | None:
    """Return what compares the answers that nobody was sure of, None if the graph has no judge."""
    node = graph.judge
    if node is None:
        return None
    client = pool.clients[node.model]
    judge = Judge(client, client.tokenize, adapter=adapter_path(node, graph.folder))
    return partial(judge.judge, aspects=[ASPECTS[name] for name in node.aspects])
