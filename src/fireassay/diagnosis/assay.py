"""The assay of a trained model: what it is worth on later sessions, and what its metrics can mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.diagnosis.calibrated import calibration, told
from fireassay.diagnosis.case import Case, Scored
from fireassay.diagnosis.heuristics import read_printed
from fireassay.findings import Evidence, Sentence
from fireassay.seeds import derive
from fireassay.statistics.bootstrap import Estimate, mean_interval
from fireassay.statistics.null import NullTest
from fireassay.statistics.scores import CLIP
from fireassay.trained import Calibration, Ledger, Member
from fireassay.training.measures import measures
from fireassay.training.measuring import rows_of, spread_evenly
from fireassay.training.member import label_scale
from fireassay.training.objective import information_budget
from fireassay.training.outlook import predictable_share
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run, RunStatus

ID = "held_out"

NOTHING = 1e-6
"""A minimal detectable effect below this is that of a null without scatter: it says nothing."""


@dataclass(frozen=True)
class Assay:
    """What a trained model is worth; the fields are those of `fireassay.trained.Trained`."""

    assessment: tuple[Sentence, ...]
    members: tuple[Member, ...]
    no_skill: dict[str, float]
    held_out: Evidence
    ledger: Ledger | None
    calibration: Calibration | None
    metrics_reading: tuple[Sentence, ...]


def assay(case: Case, runs: Sequence[Run]) -> Assay:
    """Judge the model of a case, trained once per seed.

    Parameters
    ----------
    case
        Without references: the model is compared with chance alone.
    runs
        Its runs, in the order of their seeds.
    """
    scored = case.scored(runs)
    test, estimate = case.against_null(scored), case.estimate(scored)
    trivial = _no_skill(case)
    ledger = _ledger(case, runs, trivial)
    reading = read_printed(case, {case.trial.id: runs[0]})
    held_out = _held_out(case, runs, scored, test, estimate)
    calibrated = calibration(case.task, runs)
    said = [
        *_verdict(case, scored, held_out),
        *_bounce(case, held_out),
        *([] if _same(scored) else _fit(case, runs[0], trivial, len(runs) > 1)),
        *([] if _same(scored) else told(calibrated, case.alpha)),
        *_course(case, runs),
        *_account(case, ledger),
    ]
    printed = (reading.change, reading.without_skill) if reading else ()
    return Assay(
        assessment=tuple(Sentence(text=text) for text in said),
        members=tuple(_member(case, run) for run in runs),
        no_skill=trivial,
        held_out=held_out,
        ledger=ledger,
        calibration=calibrated,
        metrics_reading=tuple(sentence for sentence in printed if sentence),
    )


def _held_out(
    case: Case, runs: Sequence[Run], scored: Scored, test: NullTest, estimate: Estimate
) -> Evidence:
    numbers: dict[str, float | int] = {"test labels": len(case.task.test_rows)}
    later = _skipped(case, scored)
    if later is not None:
        numbers[f"{case.metric} with one bar skipped"] = case.estimate(later).value
    return Evidence(
        id=ID,
        check="train",
        question="Does the model predict later sessions better than chance?",
        experiment=(
            f"Trained on {len(case.task.split.train)} sessions, scored on the "
            f"{len(case.task.split.test)} last ones."
        ),
        control=f"{test.kind}, {len(test.values)} times.",
        metric=case.metric,
        effect=test.observed,
        trivial=case.chance,
        interval=estimate.interval,
        null=test.to_finding(),
        p=test.p,
        mde=None if _same(scored) else test.mde(case.alpha),
        matters=case.effect,
        sessions=test.units,
        trials=tuple(run.trial.id for run in runs),
        reading=_told(case, test, estimate),
        caveat="It speaks of this model as trained. `fireassay diagnose` tells what limits it.",
        numbers=dict(numbers),
    )


def _told(case: Case, test: NullTest, estimate: Estimate) -> str:
    beyond = "beyond" if test.p <= case.alpha else "inside"
    interval = ""
    if not math.isnan(estimate.low):
        interval = f" [{estimate.low:.3f}, {estimate.high:.3f}]"
    return (
        f"{case.metric} {estimate.value:.3f}{interval} on {case.told_units(test.units)} later; "
        f"{beyond} what exchanged label sessions give (p = {test.p:.3f})."
    )


def _skipped(case: Case, scored: Scored) -> Scored | None:
    """Return the predictions beside the same target with one more bar skipped, where it has one."""
    other = next((o for o in case.task.others if o.name == case.skipped), None)
    if other is None or other.kind != case.task.label.kind or other.kind == "multiclass":
        return None
    return replace(scored, y=other.y.astype(np.float64), key=(*scored.key, other.name))


def _same(scored: Scored) -> bool:
    """Tell whether the predictions of all bars are the same."""
    said = scored.pred[~(np.isnan(scored.pred) | np.isnan(scored.y))]
    return len(said) > 1 and bool(np.ptp(said) == 0)


def _verdict(case: Case, scored: Scored, held_out: Evidence) -> list[str]:
    """Say what the held-out score is worth."""
    if _same(scored):
        told = f"its score is chance, {case.metric} {case.chance:g}, whatever the labels"
        return [f"The model says the same at every bar of later sessions: {told}."]
    if held_out.p is None or held_out.effect is None:
        why = "their labels are of one class, or too few"
        fix = "Give more sessions, or a larger part of them to test."
        return [f"{case.metric} isn't defined on the test sessions: {why}. {fix}"]
    if held_out.p > case.alpha:
        return _not_told(case, held_out)
    excess = held_out.effect - case.chance
    small = f" The excess of {excess:.3f} is under the {case.effect:g} that matter."
    told = f"The model predicts later sessions better than chance: {held_out.reading}"
    return [told + (small if excess < case.effect else "")]


def _not_told(case: Case, held_out: Evidence) -> list[str]:
    """Say that a score can't be told from chance, and what could have been."""
    said = [f"The model can't be told from chance on later sessions: {held_out.reading}"]
    mde, dates = held_out.mde, f"{held_out.sessions} test dates"
    if mde is None or mde < NOTHING:
        return [*said, f"With {dates} hardly any score could be: take more sessions."]
    seen = f"With {dates} {case.metric} {case.chance + mde:.3f} would have been told from chance in "
    seen += "four of five cases"
    if mde <= case.effect:
        seen += f": skill of the size that matters ({case.effect:g}) would most likely have shown."
    else:
        seen += (
            f"; {case.chance + case.effect:g}, which matters, not as surely: take more sessions "
            "before concluding anything."
        )
    return [*said, seen + " `fireassay diagnose` with the same options finds out why."]


def _bounce(case: Case, held_out: Evidence) -> list[str]:
    """Warn where the edge is gone when a bar is skipped."""
    later = held_out.numbers.get(f"{case.metric} with one bar skipped")
    if not isinstance(later, float) or held_out.effect is None or (held_out.p or 1) > case.alpha:
        return []
    excess, left = held_out.effect - case.chance, later - case.chance
    lost = "which may be bid-ask bounce: nobody can trade it" if left < excess / 2 else "so it lasts"
    told = f"Against the same target with one bar skipped its predictions score {later:.3f}, {lost}."
    return [f"{told} `fireassay diagnose` tests it."]


def _fit(case: Case, run: Run, trivial: Mapping[str, float], several: bool) -> list[str]:
    """Compare what is predicted of training and of later sessions with a prediction of no skill."""
    real = case.task.label.kind == "real"
    final, name = run.final, "r2" if real else "nll"
    train, test = final.get(f"train_{name}", math.nan), final.get(f"test_{name}", math.nan)
    if math.isnan(train) or math.isnan(test):
        return []
    before, after = trivial[f"train_{name}"], trivial[f"test_{name}"]
    who = f" (seed {run.trial.seed})" if several else ""
    alone = "the training labels' mean" if real else "the class shares"
    measure, give = ("R²", "gives") if real else ("NLL", "give")
    told = f"{measure} {train:.4f} on training sessions and {test:.4f} on later ones{who}, where "
    told += f"{alone} alone {give} {before:.4f} and {after:.4f}"
    fitted = train > before if real else train < before
    if not fitted:
        what = "predictions" if real else "probabilities"
        return [f"{told}: as {what} they are no better, even of the training sessions."]
    gain = _gain(case, run)
    if math.isnan(gain.low):
        return [f"{told}; {gain.units} test dates are too few to say more."]
    unit = "of the variance" if real else "nats a label"
    size = f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] {unit}"
    if gain.low > 0:
        return [f"{told}: later sessions are predicted better too, by {size}."]
    if gain.high < 0:
        return [f"{told}: what is fitted there makes later predictions worse, by {size}."]
    return [f"{told}: what is fitted there makes no difference later that can be seen, {size}."]


def _gain(case: Case, run: Run) -> Estimate:
    """Return what a run's predictions gain on no skill, on average over test dates.

    In nats a label, or for a real label in shares of its variance.
    """
    task = case.task
    rows, mean = run.test.rows, run.test.mean.astype(np.float64)
    y = task.label.y[rows].astype(np.float64)
    constant = np.tile(_shares(task), (len(rows), 1))
    loss, other = (_loss(task.label.kind, p, y) for p in (mean, constant))
    _, date = np.unique(task.panel.clusters[task.panel.session_of_row[rows]], return_inverse=True)
    each = np.bincount(date, other - loss) / np.bincount(date)
    return mean_interval(each, seed=derive("gain on no skill", task.fingerprint))


def _loss(kind: str, mean: Float, y: Float) -> Float:
    """Return `[n]` the loss of each row: nats, or squared errors in units of the label's variance."""
    if kind == "real":
        return (y - mean[:, 0]) ** 2 / y.var()
    p = np.concatenate([1 - mean, mean], axis=1) if kind == "binary" else mean
    return -np.log(np.clip(p[np.arange(len(y)), y.astype(np.int64)], CLIP, 1))


def _shares(task: Task) -> Float:
    """Return `[C]` the training labels' class shares (binary: that of class 1), or their mean."""
    y = task.label.y[task.train_rows].astype(np.float64)
    if task.label.kind == "multiclass":
        return np.bincount(y.astype(np.int64), minlength=len(task.label.classes)) / len(y)
    return np.array([y.mean()])


def _course(case: Case, runs: Sequence[Run]) -> list[str]:
    """Say how the training ended, where that is news."""
    said = []
    diverged = [run for run in runs if run.status is RunStatus.DIVERGED]
    if diverged:
        said.append(
            f"{len(diverged)} of {len(runs)} runs diverged: loss or gradient became infinite; their "
            "scores are those of the last sound weights. A lower learning rate comes first."
        )
    settings = case.trial.settings
    if isinstance(settings, NetSettings) and settings.patience and len(case.task.split.validation):
        last = [run for run in runs if run.best_epoch == settings.epochs > 1]
        if last and not diverged:
            said.append(
                f"The validation NLL was still falling in the last of {settings.epochs} epochs: more "
                "epochs may learn more."
            )
    if len(runs) > 1:
        each = [case.estimate(case.scored([run])).value for run in runs]
        said.append(
            f"The {len(runs)} seeds score {min(each):.3f} to {max(each):.3f}; their mean prediction "
            "is what is judged."
        )
    return said


def _account(case: Case, ledger: Ledger | None) -> list[str]:
    """Say what the KL is beside what labels can pay for."""
    if ledger is None or ledger.kl is None or ledger.budget is None:
        return []
    kind = case.task.label.kind
    size = f"{'rank IC' if kind == 'real' else 'AUC'} {case.chance + case.effect:g}"
    weight = ledger.kl_weight or 0.0
    price = ""
    if weight not in (0.0, 1.0):
        price = f", {ledger.budget / weight:,.3g} at this KL weight of {weight:.3g}"
    earned = "nothing" if (ledger.earned or 0) <= 0 else _nats(ledger.earned)
    labels = f"{case.task.effective_labels:,.0f} independent labels"
    told = f"KL {_nats(ledger.kl)}. In {labels} a signal that matters ({size}) pays for"
    worth = f"what this model predicts of later sessions is worth {earned} in as many"
    return [f"{told} {_nats(ledger.budget)}{price}; {worth}."]


def _nats(value: float | None) -> str:
    shown = f"{value or 0.0:,.0f}"
    return f"{shown} nat" if shown == "1" else f"{shown} nats"


def _ledger(case: Case, runs: Sequence[Run], trivial: Mapping[str, float]) -> Ledger | None:
    settings = case.trial.settings
    if not isinstance(settings, NetSettings) or not settings.random:
        return None
    kl = float(np.mean([run.details["kl"] for run in runs]))
    above = float(np.mean([run.details["above_noise"] for run in runs]))
    nll = float(np.mean([run.final.get("test_nll", math.nan) for run in runs]))
    effective = case.task.effective_labels
    return Ledger(
        kl=kl,
        kl_per_label=kl / max(case.task.labels, 1),
        kl_weight=settings.kl_weight,
        above_noise=above,
        budget=kl_budget(case),
        earned=effective * (trivial.get("test_nll", math.nan) - nll),
    )


def kl_budget(case: Case) -> float | None:
    """Return the nats of KL that a signal of the size that matters pays for in the case's labels.

    None where no weight is random.
    """
    settings = case.trial.settings
    if not isinstance(settings, NetSettings) or not settings.random:
        return None
    share = predictable_share(case.task.label.kind, case.effect)
    return information_budget(case.task.effective_labels, share)


def _no_skill(case: Case) -> dict[str, float]:
    """Return the measures of the training labels' class shares, or mean, by part and name."""
    task, settings = case.task, case.trial.settings
    share = _shares(task)
    parts = {"train": task.train_rows, "validation": task.validation_rows, "test": task.test_rows}
    if isinstance(settings, NetSettings):
        # The rows on which a network's training is measured.
        seen = rows_of(task, spread_evenly(task, task.split.train, settings.trace_rows))
        parts["train"] = seen[task.usable[seen]]
    found = {}
    for part, rows in parts.items():
        if len(rows):
            told = _measured(task, share, rows)
            found.update({f"{part}_{name}": value for name, value in told.items()})
    return found


def _measured(task: Task, share: Float, rows: Int) -> dict[str, float]:
    y = task.label.y[rows].astype(np.float64)
    found = measures(task.label.kind, np.tile(share, (len(rows), 1)), y)
    if task.label.kind == "real":
        centre, spread = label_scale(task)
        z2 = ((y - centre) / spread) ** 2
        found["nll"] = float(0.5 * np.mean(z2) + 0.5 * math.log(2 * math.pi))
    return found


def _member(case: Case, run: Run) -> Member:
    folder = f"trials/{run.trial.id}/weights.safetensors"
    return Member(
        trial=run.trial.id,
        seed=run.trial.seed,
        status=run.status.value,
        epochs=len(run.history),
        best_epoch=run.best_epoch,
        seconds=run.seconds,
        score=case.estimate(case.scored([run])).value,
        weights=folder if isinstance(run.trial.settings, NetSettings) else "",
        metrics=dict(run.final),
        history=tuple(dict(row) for row in run.history),
    )
