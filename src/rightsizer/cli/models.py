"""`candidates`: what is worth trying on a task, the catalogue of base models, the devices they must fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, settings, workspace

if TYPE_CHECKING:
    from rich.console import Console

    from rightsizer.candidates.catalog import BaseModelCard
    from rightsizer.candidates.devices import Device
    from rightsizer.candidates.fit import Fit
    from rightsizer.candidates.rank import Need, Ranked

SHOWN_MODELS = 15


@click.group()
def candidates() -> None:
    """What is worth trying on a task."""


@candidates.command(name="list")
@click.argument("task")
@json_option
def list_candidates(task: str, as_json: bool) -> None:
    """Candidates for TASK in ladder order, the refused ones with their reason."""
    from rightsizer.cli.listings import print_candidates
    from rightsizer.pipeline import prepare
    from rightsizer.types import Task

    with workspace() as ws, progress_bar(as_json) as progress:
        learning = prepare(ws, ws.find(Task, task), progress=progress)
    if as_json:
        emit_json({"task_id": learning.task.id, "candidates": learning.candidates})
    else:
        print_candidates(learning.task, learning.candidates, console())


@candidates.command(name="models")
@click.argument("task", required=False)
@click.option("--device", default="", help="Device profile; the default is the setting candidates.device.")
@click.option(
    "--quantization", default="", help="Format of the weights; the default is candidates.quantization."
)
@click.option("--all", "everything", is_flag=True, help="Every model, the refused ones with their reason.")
@json_option
def list_models(task: str | None, device: str, quantization: str, everything: bool, as_json: bool) -> None:
    """Base models of the catalogue, ranked for TASK: licence, context, language, tools and device first."""
    from rightsizer.pipeline.models import USUAL, models_for, need_of
    from rightsizer.types import Task

    name, need = "an agent's usual step", USUAL
    if task:
        with workspace() as ws:
            found = ws.find(Task, task)
            name, need = found.name, need_of(ws, found)
    profile, ranked = models_for(settings(), need, device=device, quantization=quantization)
    if as_json:
        emit_json({"task": name, "need": need, "device": profile, "models": [_plain(r) for r in ranked]})
    else:
        print_models(name, need, profile, ranked, everything, console())


@candidates.command(name="show")
@click.argument("model")
@json_option
def show_model(model: str, as_json: bool) -> None:
    """Everything the catalogue knows of MODEL, and who says so."""
    from rightsizer.candidates.catalog import find_model
    from rightsizer.pipeline.models import catalog

    card = find_model(catalog(settings()), model)
    if as_json:
        emit_json(card)
    else:
        print_model(card, console())


@candidates.command(name="devices")
@json_option
def list_devices(as_json: bool) -> None:
    """Device profiles that a student may have to fit."""
    from rightsizer.cli.tables import table
    from rightsizer.pipeline.models import devices

    known, chosen = devices(settings()), settings().candidates.device
    if as_json:
        emit_json({"devices": known, "chosen": chosen})
        return
    made = table("Devices", "", "name", "what", "#memory", "#bandwidth", "#arithmetic")
    for d in known:
        made.add_row(
            "[green]●[/]" if d.name == chosen else "", d.name, d.label, f"{d.memory_gb:g} GB",
            f"{d.bandwidth_gb_s:g} GB/s", f"{d.tflops:g} TFLOPS",
        )  # fmt: skip
    console().print(made)


def print_models(
    name: str, need: Need, device: Device, ranked: list[Ranked], everything: bool, out: Console
) -> None:
    from rich.markup import escape

    from rightsizer.cli.tables import table

    accepted = [r for r in ranked if r.accepted]
    out.print(
        f"[bold]{escape(name)}[/]  [dim]prompts up to {need.prompt_tokens:,} tokens, "
        f"the first {need.shared_tokens:,} always the same; "
        f"answers up to {need.answer_tokens:,}; {', '.join(need.languages)}; {need.use} use[/]"
    )
    title = f"{len(accepted)} of {len(ranked)} models are small on {device.label or device.name}"
    made = table(
        title, "model", "#billions", "licence", "#agentic", "#memory", "#ms/token", "#first token", "note"
    )
    for r in accepted[: None if everything else SHOWN_MODELS]:
        assert r.fit is not None
        made.add_row(
            r.model.id, f"{r.model.parameters_b:g}", r.model.licence,
            "–" if r.score is None else f"{r.score:.1f}", _memory(r.fit),
            f"{r.fit.ms_per_token:.0f}", f"{r.fit.ttft_s:.1f} s", f"[dim]{escape(r.caution)}[/]",
        )  # fmt: skip
    out.print(made)
    refused = [r for r in ranked if not r.accepted]
    if everything:
        why = table(f"{len(refused)} refused", "model", "why")
        for r in refused:
            why.add_row(r.model.id, f"[dim]{escape(r.reason)}[/]")
        out.print(why)
    else:
        out.print(f"[dim]{len(refused)} refused; `--all` says why. Speeds are bounds from data sheets.[/]")


def print_model(card: BaseModelCard, out: Console) -> None:
    from rich.markup import escape

    from rightsizer.cli.tables import table

    context = f"{card.context_tokens:,} tokens" if card.context_tokens else "not checked"
    out.print(
        f"[bold]{escape(card.id)}[/]  [dim]{escape(card.vendor)} · {card.released or 'date unknown'}[/]"
    )
    if card.pattern:
        out.print(f"[yellow]no public weights[/]: {escape(card.pattern)}")
    out.print(
        f"{card.parameters_b:g} billion parameters, {card.active_parameters_b:g} active · {card.architecture}"
    )
    checked = "verified" if card.licence_verified else "not verified"
    out.print(f"licence {card.licence} ({checked}), commercial use: {card.commercial_use}")
    out.print(f"context {context} · languages {', '.join(card.languages) or 'not stated'}")
    out.print(f"[dim]entry {card.verified}; from {escape('; '.join(card.sources) or 'your own file')}[/]")
    if card.scores:
        made = table("Tool scores", "benchmark", "part", "#points", "by", "source", "as of", "checked")
        for s in card.scores:
            made.add_row(
                s.benchmark, s.metric, f"{s.value:g}", s.by, escape(s.source), s.as_of,
                "yes" if s.verified else "no",
            )  # fmt: skip
        out.print(made)


def _memory(fit: Fit) -> str:
    sign = "≤ " if fit.footprint.estimated else ""  # what is not known of a model is estimated upwards
    return f"{sign}{fit.footprint.total_bytes / 1e9:.1f} GB"


def _plain(ranked: Ranked) -> dict[str, object]:
    fit = ranked.fit
    return {
        "model": ranked.model.id,
        "accepted": ranked.accepted,
        "reason": ranked.reason,
        "caution": ranked.caution,
        "agentic_score": ranked.score,
        "memory_bytes": fit.footprint.total_bytes if fit else None,
        "memory_estimated": list(fit.footprint.estimated) if fit else [],
        "ms_per_token": fit.ms_per_token if fit else None,
        "ttft_s": fit.ttft_s if fit else None,
    }
