"""What each help at inference time brings to a small decoder, and what it costs.

    LLAMA_CPP_DIR=…/llama.cpp python benchmarks/students/help.py --work DIR [--shared ../shared] [--calls 300]
                                                                 [--on dev|test] [--steps 1000]

No pretrained weights are needed: decoders of two layers are trained from nothing, kept in DIR, exported to
GGUF (q8_0) and served by llama.cpp.

plain   restaurant8k (bookings to JSON with five fields, 60 % of its train file). Verifiers are fitted on
        calls of the calibration part (20 %); the table is about others: the last 20 %, or with ``--on test``
        the set's own test file (for final figures only).
shots   CLINC150, where calls are few: 20 of each label. One model is trained without, one with three
        retrieved examples in every prompt. Other calls of the train file are measured.
sums    made-up sums of two products, with and without a tool that computes.

`agree`: the whole answer right, of all calls, with its exact 95 % bounds. `gain`: points above the first row
on the same calls, with the 95 % interval of the cluster bootstrap. `valid`: answers that could be used as
they are. `surest`: how many are right of the 30 % of calls with the highest confidence, which is what a gate
can serve first. Costs are per call: requests, tokens read and written, and CPU time of the server.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labels import clinc
from structured import wrapped

from rightsizer.evaluation.run import score
from rightsizer.stats import clopper_pearson, cluster_bootstrap
from rightsizer.students.chat_server import ChatServer, Completion, Server
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.testing.llama_server import llama_server
from rightsizer.testing.tiny_lm import write_converter, write_tiny_lm
from rightsizer.training.decoder.export import export_decoder
from rightsizer.training.prompted import build
from rightsizer.training.train import train
from rightsizer.training.verifier import fit_verifier
from rightsizer.types import Candidate, Example, OutputKind, Score, Task, TaskPolicy

SUREST = 0.3
SHAPE = {"architecture": "llama", "vocabulary": 1000, "width": 96, "layers": 2}
A_LABEL = 20
RECIPE = {"batch_size": 24, "learning_rate": 1e-3, "save_steps": 50, "bf16": False, "holdout": 0.0}
ASKING: dict[str, Any] = {"parallel": 4, "max_tokens": 80, "repair": False, "constrain": False}


@dataclass
class Counting(ChatServer):
    """A client that counts what it asks."""

    requests: int = 0
    read: int = 0
    wrote: int = 0

    def complete(self, body: Any) -> Completion:
        answer = super().complete(body)
        self.requests += 1
        self.read += answer.input_tokens
        self.wrote += answer.output_tokens
        return answer


@dataclass
class Arm:
    """One way of asking, its scores on the measured calls, and its cost a call."""

    name: str
    student: PromptedStudent
    scores: list[Score] = field(default_factory=list)
    cost: tuple[float, ...] = ()


Parts = tuple[list[Example], list[Example], list[Example]]
Made = tuple[str, list[Arm]]
SHOTS = 3
# By how many examples each prompt of the training held: how it is asked.
SHOT_ARMS = {
    0: [("trained and asked without examples", 0)],
    SHOTS: [("trained with 3, asked without", 0), ("trained and asked with 3 retrieved", SHOTS)],
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--shared", type=Path, default=Path("../shared"))
    arguments.add_argument("--calls", type=int, default=300)
    arguments.add_argument("--steps", type=int, default=1000)
    arguments.add_argument("--part", choices=["plain", "shots", "sums"], action="append", help="default: all")
    arguments.add_argument("--on", choices=["dev", "test"], default="dev")
    given = arguments.parse_args()
    llama_cpp = os.environ.get("LLAMA_CPP_DIR") or sys.exit("set LLAMA_CPP_DIR to a built llama.cpp")
    os.environ["LLAMA_CPP_DIR"] = str(write_converter(Path(llama_cpp), given.work / "llama.cpp"))
    for part in given.part or PARTS:
        title, arms = PARTS[part](given)
        print_table(title, arms)


def plain_part(given: Any) -> Made:
    parts = bookings(given.shared, given.on, given.calls)
    with model(given.work / "plain", parts[0], given.steps, 0) as (server, pid):
        arms = [ask(arm, pid, parts) for arm in plain_arms(server, parts)]
    return f"restaurant8k, {len(parts[2])} {given.on} calls, {len(parts[1])} to calibrate", arms


def shots_part(given: Any) -> Made:
    parts = few_of_each_label(given.shared, given.calls)
    arms = []
    for trained in (0, SHOTS):
        with model(given.work / f"shots{trained}", parts[0], given.steps, trained, "label") as (server, pid):
            for name, shots in SHOT_ARMS[trained]:
                how = Prompting(**{**ASKING, "shots": shots})
                student = build(parts[0], server, how, output="label")
                arms.append(ask(Arm(name, student), pid, parts))
    return f"CLINC150, {A_LABEL} calls of each label, {len(parts[2])} others of its train file", arms


def sums_part(given: Any) -> Made:
    sums = made_up_sums(given.calls)
    arms = []
    for name, tools in (("computes itself", ()), ("tool: calculate", ("calculate",))):
        lessons = sums[0] if not tools else [step for e in sums[0] for step in with_tool(e)]
        with model(given.work / f"sums{len(tools)}", lessons, given.steps, 0) as (server, pid):
            how = Prompting(**{**ASKING, "tools": tools})
            arms.append(ask(Arm(name, build([], server, how, output="fields")), pid, sums))
    return f"made-up sums of two products, {len(sums[2])} calls", arms


def few_of_each_label(shared: Path, calls: int) -> Parts:
    """(train, nothing, measured) calls of CLINC150's train file, without the system prompt."""
    rows = [short(r) for r in clinc(shared, "train")]
    random.Random(0).shuffle(rows)
    seen: Counter[str] = Counter()
    kept: list[Example] = []
    others: list[Example] = []
    for row in rows:
        seen[row.completion.text] += 1
        few = seen[row.completion.text] <= A_LABEL
        (kept if few else others).append(row.model_copy(update={"split": "train" if few else "test"}))
    return kept, [], others[:calls]


def bookings(shared: Path, on: str, calls: int) -> Parts:
    """(train, calibration, measured) calls; the system prompt, always the same, is left out."""
    folder = str(shared / "data/span-extraction/restaurant8k")
    rows = [short(r) for r in wrapped(shared, "restaurant", folder, "train")]
    train_, calibration, last = ([r for r in rows if r.split == s] for s in ("train", "calibration", "test"))
    if on == "test":
        last = [short(r) for r in wrapped(shared, "restaurant", folder, "test", split="test")]
        random.Random(0).shuffle(last)
    return train_, calibration[:calls], last[:calls]


def short(example: Example) -> Example:
    prompt = example.prompt.model_copy(update={"messages": example.prompt.messages[1:]})
    return example.model_copy(update={"prompt": prompt})


def plain_arms(server: Server, parts: Parts) -> Iterator[Arm]:
    def student(**how: Any) -> PromptedStudent:
        return build(parts[0], server, Prompting(**{**ASKING, **how}), output="fields", verified=True)

    yield Arm("greedy", student())
    yield Arm("+ repair once", student(repair=True))
    yield Arm("+ constraint", student(constrain=True))
    held = student(constrain=True)
    yield Arm("+ constraint, verifier", replace(held, verifier=fit_verifier(held, parts[1], TaskPolicy())))
    voting = student(constrain=True, votes=7, ahead=2)
    yield Arm("+ constraint, votes to 2 ahead", voting)
    yield Arm(
        "+ constraint, votes, verifier",
        replace(voting, verifier=fit_verifier(voting, parts[1], TaskPolicy())),
    )


def ask(arm: Arm, pid: int, parts: Parts) -> Arm:
    """Ask the arm about the measured calls, and count what it costs."""
    client = Counting(arm.student.server)
    arm.student.__dict__["_server"] = client
    before = cpu_s(pid)
    arm.scores = score(arm.student, parts[2], TaskPolicy())
    spent, n = 1000 * (cpu_s(pid) - before), len(parts[2])
    arm.cost = (client.requests / n, client.read / n, client.wrote / n, spent / n)
    print(f"  {arm.name}: done", file=sys.stderr, flush=True)
    return arm


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def model(
    work: Path, examples: Sequence[Example], steps: int, shots: int, output: OutputKind = "fields"
) -> Iterator[tuple[Server, int]]:
    """A decoder trained on these calls (or kept from before), behind llama.cpp."""
    student, base = work / "student", work / "base"
    if not (student / "student.json").is_file():
        texts = [m.text for e in examples for m in (*e.prompt.messages, e.completion)]
        if not base.exists():
            write_tiny_lm(base, texts, **SHAPE)
        params = {**RECIPE, "max_steps": steps, "shots": shots}
        candidate = Candidate(rung="decoder", method="full", base_model=str(base), params=params)
        train(candidate, Task(id="t", name=work.name, output=output), list(examples), student)
        cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        print(f"  {work.name} trained: {cpu:.0f} CPU-s so far", file=sys.stderr)
    gguf = export_decoder(student, work / "gguf", "gguf", name=work.name, quantization="q8_0")[-1]
    with llama_server(gguf, work / "server.log", name="small") as (url, pid):
        yield Server(base_url=url, model="small", timeout_s=300.0), pid


def print_table(title: str, arms: Sequence[Arm]) -> None:
    print(f"\n{title}")
    print(
        f"{'how':40} {'agree':>22} {'gain, points':>22} {'valid':>7} {'surest':>7} "
        f"{'asks':>5} {'read':>6} {'wrote':>6} {'CPU-ms':>7}"
    )
    for arm in arms:
        n = len(arm.scores)
        right = sum(s.loss == 0 for s in arm.scores)
        low, high = clopper_pearson(right, n)
        difference = [float(b.loss - a.loss) for a, b in zip(arm.scores, arms[0].scores, strict=True)]
        gain = cluster_bootstrap(difference, [s.group for s in arm.scores])
        told = f"{100 * gain.mean:+.1f} [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
        agree = f"{100 * right / n:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        valid = sum(s.answered for s in arm.scores) / n
        told = told if arm is not arms[0] else ""
        print(
            f"{arm.name:40} {agree:>22} {told:>22} {valid:7.1%} {surest(arm):7.1%} "
            f"{arm.cost[0]:5.2f} {arm.cost[1]:6.1f} {arm.cost[2]:6.1f} {arm.cost[3]:7.1f}"
        )


def surest(arm: Arm) -> float:
    """How many are right of the `SUREST` share of calls of which the arm is surest."""
    first = sorted(arm.scores, key=lambda s: -s.confidence)[: round(SUREST * len(arm.scores))]
    return sum(s.loss == 0 for s in first) / len(first)


def made_up_sums(calls: int) -> Parts:
    """Totals of two positions, as (train, calibration, measured)."""
    from rightsizer.testing.sums import sum_examples

    return sum_examples(4_000, seed=0), sum_examples(calls, seed=1), sum_examples(calls, seed=2)


def with_tool(example: Example) -> list[Example]:
    """The two steps of an answer with the tool: what to compute, and the total that it gave."""
    from rightsizer.testing.sums import tool_steps

    return tool_steps(example)


PARTS: dict[str, Callable[[Any], Made]] = {"plain": plain_part, "shots": shots_part, "sums": sums_part}


if __name__ == "__main__":
    main()
