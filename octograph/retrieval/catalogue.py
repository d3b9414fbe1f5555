"""The catalogue: documents, passages and vectors of a knowledge base in one SQLite file.

A *generation* is what readers see: the documents that were there when it was published. A document that is added or
changed is written for the generation to come, and one that goes away stays until that is published. So readers see one
generation or the next and never a mixture, and work that was interrupted is there to go on with.

Shapes: ``n`` passages, ``d`` dimensions.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue_file import FORMAT, connect, faults_told, make_file
from octograph.retrieval.entry import Entry, Generation, Stamp
from octograph.retrieval.passage import Passage

__all__ = ["Catalogue"]

PORTION = 5000
"""Passages whose texts are in memory at one time."""


class Catalogue:
    """One connection to the file; reading does not wait for writing.

    Use `Catalogue.open` or `Catalogue.create`. One thread at a time may use it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self._embedder: dict[str, Any] | None = None
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Catalogue:
        """Open the catalogue in a file.

        Raises
        ------
        KnowledgeError
            There is none, or it is damaged or from another version.

        """
        if not path.is_file():
            raise KnowledgeError(
                f"there is no knowledge base in {str(path.parent)!r}", hint="Begin one with `octograph index add PATH`."
            )
        with faults_told(path):
            catalogue = cls(connect(path), path)
            try:
                found = catalogue._db.execute("SELECT format FROM base").fetchone()
            except sqlite3.Error:
                catalogue.close()
                raise
        if found is None or found[0] != FORMAT:
            catalogue.close()
            raise KnowledgeError(
                f"the knowledge base in {str(path.parent)!r} was made by another version of Octograph",
                hint="Move the folder away and index the documents again.",
            )
        return catalogue

    @classmethod
    def create(cls, path: Path, *, embedder: Mapping[str, Any]) -> Catalogue:
        """Make an empty catalogue for vectors of an embedder, or open the one that is there.

        Raises
        ------
        KnowledgeError
            It cannot be written, or holds vectors of another embedder.

        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file():
                make_file(path, embedder)
            catalogue = cls.open(path)
        except OSError as error:
            raise KnowledgeError(
                f"the knowledge base in {str(path.parent)!r} cannot be written: {error}",
                hint="Check the folder's permissions and the room on the disk.",
            ) from error
        try:
            catalogue.expect(embedder)
        except KnowledgeError:
            catalogue.close()
            raise
        return catalogue

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do what the block does as one transaction, that is there whole or not at all."""
        with faults_told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let what the block reads be of one moment."""
        with faults_told(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                with suppress(sqlite3.Error):
                    self._db.execute("COMMIT")

    # --- what is published -----------------------------------------------------------------------------------

    @property
    def embedder(self) -> dict[str, Any]:
        """What made the vectors, see `Embedder.space`."""
        if self._embedder is None:
            self._embedder = dict(json.loads(self._one("SELECT embedder FROM base")))
        return self._embedder

    def expect(self, embedder: Mapping[str, Any]) -> None:
        """Make sure that the vectors are those of an embedder.

        Raises
        ------
        KnowledgeError
            They are another's.

        """
        if self.embedder != dict(embedder):
            raise KnowledgeError(
                f"the knowledge base in {str(self.path.parent)!r} holds vectors of {self.embedder['model']!r}, and the "
                f"embedder is {embedder['model']!r}",
                hint="Vectors of two models cannot be compared: move the folder away and index the documents again.",
            )

    def generation(self) -> Generation:
        """The published generation."""
        with faults_told(self.path):
            number, files = self._db.execute("SELECT generation, files FROM base").fetchone()
        return Generation(number=number, files=json.loads(files))

    def entries(self) -> list[Entry]:
        """The published documents, by source."""
        with faults_told(self.path):
            rows = self._db.execute(
                "SELECT source, size, modified, digest, (SELECT count(*) FROM passages WHERE document = published.id)"
                " FROM published ORDER BY source"
            ).fetchall()
        return [
            Entry(
                source=os.fsdecode(source),
                stamp=Stamp(size=size, modified=modified, digest=digest),
                passages=passages,
            )
            for source, size, modified, digest, passages in rows
        ]

    def changed(self) -> bool:
        """Whether there is anything to publish."""
        found: bool = self._one(
            "SELECT EXISTS (SELECT 1 FROM documents, base WHERE born > generation OR died > generation)"
        )
        return found

    def pending(self) -> int:
        """How many documents wait for the next generation: added, changed or removed."""
        found: int = self._one(
            "SELECT count(*) FROM documents, base WHERE born > generation OR died > generation OR born IS NULL"
        )
        return found

    def passages(self, ids: Iterable[int]) -> dict[int, tuple[Passage, str, int]]:
        """Passages by id, each with the source of its document and when that was changed; missing ones are left out."""
        with faults_told(self.path):
            rows = self._db.execute(
                "SELECT passages.id, title, heading, page, text, source, modified"
                " FROM json_each(?) JOIN passages ON passages.id = value JOIN documents ON documents.id = document",
                (_listed(ids),),
            )
            return {
                id_: (
                    Passage(text=text, title=title, heading=heading, page=page),
                    os.fsdecode(source),
                    modified,
                )
                for id_, title, heading, page, text, source, modified in rows
            }

    def vectors(self, ids: Iterable[int]) -> NDArray[np.float32]:
        """Vectors ``[n, d]`` of passages, in the order of `ids`.

        Raises
        ------
        KnowledgeError
            One is missing.

        """
        with faults_told(self.path):
            rows = self._db.execute(
                "SELECT vector FROM json_each(?) LEFT JOIN vectors ON passage = value ORDER BY key", (_listed(ids),)
            ).fetchall()
        if any(vector is None for (vector,) in rows):
            raise KnowledgeError(
                f"{sum(vector is None for (vector,) in rows)} passages have no vector",
                hint="Move the folder away and add the documents again.",
            )
        joined = b"".join(vector for (vector,) in rows)
        return np.frombuffer(joined, dtype=np.float16).reshape(len(rows), -1).astype(np.float32)

    def within(self, takes: Callable[[str, int], bool]) -> NDArray[np.int64]:
        """Ids of the published passages whose documents are wanted, by source and time of change."""
        with faults_told(self.path):
            documents = [
                id_
                for id_, source, modified in self._db.execute("SELECT id, source, modified FROM published")
                if takes(os.fsdecode(source), modified)
            ]
            rows = self._db.execute(
                "SELECT passages.id FROM json_each(?) JOIN passages ON document = value", (_listed(documents),)
            )
            return np.fromiter((row[0] for row in rows), dtype=np.int64)

    # --- what comes next -------------------------------------------------------------------------------------

    def stamps(self) -> dict[str, Stamp]:
        """Of the newest version of each document that is there whole, published or not, by source."""
        with faults_told(self.path):
            rows = self._db.execute("SELECT source, size, modified, digest FROM coming")
            return {
                os.fsdecode(source): Stamp(size=size, modified=modified, digest=digest)
                for source, size, modified, digest in rows
            }

    def unfinished(self) -> dict[str, tuple[bytes, int]]:
        """Digest of each document that was begun, and how many of its passages are there, by source."""
        with faults_told(self.path):
            rows = self._db.execute(
                "SELECT source, digest, (SELECT count(*) FROM passages WHERE document = documents.id)"
                " FROM documents WHERE born IS NULL"
            )
            return {os.fsdecode(source): (digest, count) for source, digest, count in rows}

    def touch(self, source: str, stamp: Stamp) -> None:
        """Note that a file has a new date and the old content; call it within `writing`."""
        self._db.execute(
            "UPDATE documents SET size = ?, modified = ? WHERE id IN (SELECT id FROM coming WHERE source = ?)",
            (stamp.size, stamp.modified, os.fsencode(source)),
        )

    def begin(self, source: str, stamp: Stamp) -> int:
        """Begin a document, or go on with it: its number.

        Unfinished versions of another content go away. Call it within `writing`.
        """
        name = os.fsencode(source)
        self._db.execute(
            "DELETE FROM documents WHERE source = ? AND born IS NULL AND digest != ?", (name, stamp.digest)
        )
        row = self._db.execute("SELECT id FROM documents WHERE source = ? AND born IS NULL", (name,)).fetchone()
        if row is None:
            row = self._db.execute(
                "INSERT INTO documents (source, size, modified, digest) VALUES (?, ?, ?, ?) RETURNING id",
                (name, stamp.size, stamp.modified, stamp.digest),
            ).fetchone()
        number: int = row[0]
        return number

    def append(self, document: int, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
        """Add passages behind those of a document, with their vectors ``[n, d]``; call it within `writing`."""
        for passage, vector in zip(passages, vectors.astype(np.float16), strict=True):
            cursor = self._db.execute(
                "INSERT INTO passages (document, title, heading, page, text) VALUES (?, ?, ?, ?, ?)",
                (document, passage.title, passage.heading, passage.page, passage.text),
            )
            self._db.execute("INSERT INTO vectors VALUES (?, ?)", (cursor.lastrowid, vector.tobytes()))

    def finish(self, document: int, source: str) -> None:
        """Let a document take the place of the version before it; call it within `writing`."""
        self.forget(source)
        self._db.execute("UPDATE documents SET born = (SELECT generation + 1 FROM base) WHERE id = ?", (document,))

    def forget(self, source: str) -> bool:
        """Let a document be gone in the next generation; whether there was one. Call it within `writing`."""
        name = os.fsencode(source)
        # A version that no reader has seen goes at once.
        unseen = self._db.execute(
            "DELETE FROM documents WHERE born > (SELECT generation FROM base)"
            " AND id IN (SELECT id FROM coming WHERE source = ?)",
            (name,),
        )
        seen = self._db.execute(
            "UPDATE documents SET died = (SELECT generation + 1 FROM base)"
            " WHERE id IN (SELECT id FROM coming WHERE source = ?)",
            (name,),
        )
        return unseen.rowcount + seen.rowcount > 0

    def abandon(self, source: str) -> None:
        """Delete what was begun of a document and not finished; call it within `writing`."""
        self._db.execute("DELETE FROM documents WHERE source = ? AND born IS NULL", (os.fsencode(source),))

    def size(self) -> int:
        """How many passages the generation to come has."""
        found: int = self._one("SELECT count(*) FROM passages WHERE document IN (SELECT id FROM coming)")
        return found

    def living(self) -> NDArray[np.int64]:
        """Ids ``[n]`` of all passages of the generation to come, ascending."""
        with faults_told(self.path):
            rows = self._db.execute("SELECT id FROM passages WHERE document IN (SELECT id FROM coming) ORDER BY id")
            return np.fromiter((row[0] for row in rows), dtype=np.int64)

    def texts(self, ids: NDArray[np.int64]) -> Iterator[str]:
        """Give what is indexed of passages, in the order of `ids`."""
        for first in range(0, len(ids), PORTION):
            portion = ids[first : first + PORTION].tolist()
            found = self.passages(portion)
            yield from (found[id_][0].indexed for id_ in portion)

    def publish(self, number: int, files: Mapping[str, str]) -> None:
        """Make the generation to come the published one, and delete what died with it."""
        with self.writing():
            self._db.execute("UPDATE base SET generation = ?, files = ?", (number, json.dumps(dict(files))))
            self._db.execute("DELETE FROM documents WHERE died <= ?", (number,))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the file itself."""
        with faults_told(self.path):
            for (text,) in self._db.execute("PRAGMA integrity_check"):
                if text != "ok":
                    yield text
            for table, _, parent, _ in self._db.execute("PRAGMA foreign_key_check"):
                yield f"a row of {table} belongs to no row of {parent}"
            bare = self._one("SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage FROM vectors)")
            if bare:
                yield f"{bare} passages have no vector"

    def _one(self, statement: str) -> Any:
        with faults_told(self.path):
            return self._db.execute(statement).fetchone()[0]


def _listed(ids: Iterable[int]) -> str:
    return json.dumps([int(id_) for id_ in ids])
