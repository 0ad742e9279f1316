"""What came from what: session → call → dataset → student → certificate → release, both ways from any id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rightsizer.errors import NotFound
from rightsizer.pipeline.subject import audit_name
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.roles import COMPARTMENTS
from rightsizer.types import (
    Call,
    Certificate,
    Dataset,
    Evaluation,
    Frozen,
    Release,
    Route,
    Split,
    Student,
    Task,
)

SPLITS: tuple[Split, ...] = ("train", "calibration", "test")
_SHOWN_CALLS = 20


class Origin(Frozen):
    """One node of a lineage tree. `children` are what it was made from (up) or what was made of it (down)."""

    kind: str
    id: str
    detail: str = ""
    children: tuple[Origin, ...] = ()


class Lineage(Frozen):
    """The node asked for: `up` is all that it comes from, `down` all that came of it."""

    node: Origin
    up: tuple[Origin, ...]
    down: tuple[Origin, ...]


def trace(ws: Workspace, key: str) -> Lineage:
    """The lineage of a call, session, dataset, student, evaluation, certificate, release or task.

    `key` is an id; those of records may be shortened. At most 20 calls of a dataset are named, the rest
    counted. A call that was forgotten is still found in the datasets that learned from it, and so is
    any call for a role that may not read calls.

    Raises:
        AccessDenied: the role may not read records.
        NotFound: nothing has this id.
        InputError: a shortened id fits more than one record.
    """
    ws.enter("models.read", lineage=audit_name(ws, key))
    graph = _Graph(ws)
    if "raw" in COMPARTMENTS[ws.store.access.role]:
        call = _call(ws, key)
        if call is not None:
            return graph.of_calls(_call_node(call), [call.id])
        session = [c.id for c in ws.store.calls.scan(session_id=key)]
        if session:
            node = Origin(kind="session", id=key, detail=_plural(len(session), "call"))
            return graph.of_calls(node, session)
    for kind, of in graph.views():
        try:
            return of(ws.find(kind, key))
        except NotFound:
            continue
    for name, detail in ((key, ""), (ws.store.pseudonym(key), "forgotten")):
        if any(name in graph.calls_of(d) for d in graph.datasets):
            return graph.of_calls(Origin(kind="call", id=key, detail=detail), [name])
    raise NotFound(
        f"nothing has the id '{key}'", hint="rightsizer calls list, datasets list, students list …"
    )


def learned_from(ws: Workspace, call_ids: set[str]) -> tuple[list[Dataset], list[Student], list[Release]]:
    """The datasets that hold any of these calls, their students, and the releases still open of those."""
    graph = _Graph(ws)
    known = call_ids | set(map(ws.store.pseudonym, call_ids))  # of a deletion that was cut off
    datasets = [d for d in graph.datasets if not known.isdisjoint(graph.calls_of(d))]
    ids = {d.id for d in datasets}
    students = [s for s in graph.students if s.dataset_id in ids]
    student_ids = {s.id for s in students}
    open_releases = [r for r in graph.releases if r.student_id in student_ids and r.ended_at is None]
    return datasets, students, open_releases


class _Graph:
    """The records of a home, read once, and how they hang together."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        records = ws.store.records
        self.datasets = records.list(Dataset)
        self.students = records.list(Student)
        self.evaluations = records.list(Evaluation)
        self.certificates = records.list(Certificate)
        self.releases = records.list(Release)
        self.routes = {r.release_id: r for r in records.list(Route)}
        self._calls: dict[str, frozenset[str]] = {}

    def calls_of(self, dataset: Dataset) -> frozenset[str]:
        if dataset.id not in self._calls:
            self._calls[dataset.id] = frozenset(row.call_id for row in dataset.rows)
        return self._calls[dataset.id]

    def views(self) -> Sequence[tuple[type[Frozen], Callable[..., Lineage]]]:
        """What `trace` tries after calls and sessions, in this order."""
        return (
            (Dataset, self._of_dataset),
            (Student, self._of_student),
            (Evaluation, lambda e: self._of_student(self._student(e.student_id))),
            (Certificate, lambda c: self._of_student(self._student(c.student_id))),
            (Release, self._of_release),
            (Task, self._of_task),
        )

    def of_calls(self, node: Origin, ids: Sequence[str]) -> Lineage:
        """Down from calls: every dataset that holds one of them."""
        wanted = set(ids)
        holding = [d for d in self.datasets if not wanted.isdisjoint(self.calls_of(d))]
        return Lineage(node=node, up=(), down=tuple(self._dataset_down(d, wanted) for d in holding))

    def _of_dataset(self, dataset: Dataset) -> Lineage:
        down = tuple(self._student_down(s) for s in self.students if s.dataset_id == dataset.id)
        return Lineage(node=_dataset_node(dataset), up=self._calls_up(dataset), down=down)

    def _of_student(self, student: Student) -> Lineage:
        node = self._student_down(student)
        return Lineage(
            node=node.model_copy(update={"children": ()}), up=self._dataset_up(student), down=node.children
        )

    def _of_release(self, release: Release) -> Lineage:
        student = self._student(release.student_id)
        up = Origin(
            kind="student", id=student.id, detail=_student_detail(student), children=self._dataset_up(student)
        )
        proof = [c for c in self.certificates if c.id == release.certificate_id]
        return Lineage(node=self._release_node(release), up=(*map(_certificate_node, proof), up), down=())

    def _of_task(self, task: Task) -> Lineage:
        down = tuple(
            _dataset_node(d).model_copy(
                update={
                    "children": tuple(self._student_down(s) for s in self.students if s.dataset_id == d.id)
                }
            )
            for d in self.datasets
            if d.task_id == task.id
        )
        calls = Origin(kind="calls", id="", detail=f"{task.n_calls:,} in {task.n_sessions:,} sessions")
        return Lineage(node=Origin(kind="task", id=task.id, detail=task.name), up=(calls,), down=down)

    def _dataset_down(self, dataset: Dataset, wanted: set[str]) -> Origin:
        parts = Counter(row.split for row in dataset.rows if row.call_id in wanted)
        detail = ", ".join(f"{parts[split]} in {split}" for split in SPLITS if parts[split])
        students = tuple(self._student_down(s) for s in self.students if s.dataset_id == dataset.id)
        return Origin(kind="dataset", id=dataset.id, detail=detail, children=students)

    def _student_down(self, student: Student) -> Origin:
        evaluations = [e for e in self.evaluations if e.student_id == student.id]
        certificates = [c for c in self.certificates if c.student_id == student.id]
        releases = [r for r in self.releases if r.student_id == student.id]
        children = (
            *(Origin(kind="evaluation", id=e.id, detail=f"{e.verdict}: {e.reason}") for e in evaluations),
            *map(_certificate_node, certificates),
            *map(self._release_node, releases),
        )
        return Origin(kind="student", id=student.id, detail=_student_detail(student), children=children)

    def _release_node(self, release: Release) -> Origin:
        if release.ended_at is not None:
            state = f"{release.mode}, ended {release.ended_at:%Y-%m-%d} by {release.ended_by or 'unknown'}"
        else:
            state = f"{release.mode}, answering now" if release.id in self.routes else release.mode
        return Origin(kind="release", id=release.id, detail=state)

    def _dataset_up(self, student: Student) -> tuple[Origin, ...]:
        return tuple(
            _dataset_node(d).model_copy(update={"children": self._calls_up(d)})
            for d in self.datasets
            if d.id == student.dataset_id
        )

    def _calls_up(self, dataset: Dataset) -> tuple[Origin, ...]:
        rows = dataset.rows[:_SHOWN_CALLS]
        named = [Origin(kind="call", id=row.call_id, detail=row.split) for row in rows]
        rest = len(dataset.rows) - len(rows)
        return (*named, *([Origin(kind="calls", id="", detail=f"and {rest:,} more")] if rest else []))

    def _student(self, student_id: str) -> Student:
        found = self._ws.find(Student, student_id)
        assert isinstance(found, Student)
        return found


def _call(ws: Workspace, key: str) -> Call | None:
    try:
        return ws.store.calls.get(key)
    except NotFound:
        return None


def _call_node(call: Call) -> Origin:
    return Origin(kind="call", id=call.id, detail=f"session {call.session_id}")


def _dataset_node(dataset: Dataset) -> Origin:
    parts = ", ".join(f"{dataset.count(split)} {split}" for split in SPLITS)
    return Origin(kind="dataset", id=dataset.id, detail=parts)


def _student_detail(student: Student) -> str:
    return f"{student.rung} · {student.method}"


def _certificate_node(certificate: Certificate) -> Origin:
    state = "revoked" if certificate.revoked_at else "in force"
    detail = f"α {certificate.alpha:g}, δ {certificate.delta:.2g}, {state}"
    return Origin(kind="certificate", id=certificate.id, detail=detail)


def _plural(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
