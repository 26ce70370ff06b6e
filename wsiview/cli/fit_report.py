"""Fit report: what `wsiview fit` says of the clustering that it made."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.clustering.clustering import LETTERS, WEAKLY_IDENTIFIED, Clustering
from wsiview.explain.choosing import Choice
from wsiview.explain.fit_plan import FitPlan
from wsiview.explain.fitting import Gathered


def tell_choice(choice: Choice, table: Path, reporter: Reporter) -> None:
    """Show what is known of each K, as it lies in `table`."""
    lines = ["  K  not explained  worst cosine  dispersion  every class found again  labels above majority  logit RMSE"]
    for row in choice.rows:
        mark = "*" if row.classes == choice.clustering.n_classes else " "
        lines.append(
            f"{mark}{row.classes:>2}  {row.residual:>13.2%}  {row.worst_cosine:>12.3f}  {row.dispersion:>10.3f}  "
            f"{f'in {row.found_again} of {row.refits}':<23}  {_told(row.fidelity):>21}  {_told(row.rmse):>10}"
        )
    lines.append(f"K = {choice.clustering.n_classes} is {choice.reason}; resampled: {choice.resampled}")
    facts = [asdict(row) for row in choice.rows]
    reporter.result("\n".join(lines), table=str(table), rows=facts, chosen=choice.clustering.n_classes)


def tell_fit(
    out: Path,
    clustering: Clustering,
    choice: Choice,
    gathered: Gathered,
    plan: FitPlan,
    like: Path | None,
    reporter: Reporter,
) -> None:
    """Say how the clustering at `out` came about, and how good it is."""
    for reason in plan.reason.values():
        how = "densely" if clustering.geometry.evaluation == "dense" else "by overlapping patches"
        reporter.note(f"evaluated {how}: {reason}")
    if clustering.signed:
        reporter.note(WEAKLY_IDENTIFIED)
    if gathered.unreadable:
        reporter.note(f"{gathered.unreadable} of the sampled patches could not be read and were left out")
    if choice.fidelity is None:
        reporter.note(f"fidelity was not measured: {choice.no_fidelity}")
    reporter.result(
        f"{out}: {clustering.n_classes} classes from {len(gathered.used)} slides and "
        f"{clustering.parameters['vectors']} feature vectors; objective {clustering.objective[-1]:.6g}"
        + _stability_text(clustering, choice)
        + _fidelity_text(choice)
        + _inherited_text(clustering, like),
        clustering=str(out),
        fingerprint=clustering.fingerprint,
        classes=clustering.n_classes,
        slides=len(gathered.used),
        vectors=clustering.parameters["vectors"],
        unreadable=gathered.unreadable,
        objective=clustering.objective[-1],
        layer=clustering.layer,
        found_again=clustering.stability[:, 0].tolist(),
        refits=choice.refits,
        fidelity=clustering.parameters["fidelity"],
        inherited=clustering.inherited.get("classes"),
    )


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _fidelity_text(choice: Choice) -> str:
    found = choice.fidelity
    if found is None:
        return ""
    return (
        f"; with its classes in place of the activations {found.agreement:.1%} of {found.patches} patches keep the "
        f"model's label, {_told(found.above_majority)} of what lies above the majority share"
    )


def _stability_text(clustering: Clustering, choice: Choice) -> str:
    if not choice.refits:
        return ""
    counts = zip(clustering.letters, clustering.stability[:, 0].tolist(), strict=True)
    told = ", ".join(f"{letter} {count}" for letter, count in counts)
    return f"; found again in {choice.refits} fits of resampled {choice.resampled}: {told}"


def _inherited_text(clustering: Clustering, like: Path | None) -> str:
    if like is None:
        return ""
    partners = zip(clustering.letters, clustering.inherited["classes"], strict=True)
    told = [f"{letter} from {LETTERS[index]}" for letter, index in partners if index is not None]
    return f"; of {like.name}: {', '.join(told) or 'no class is alike'}"
