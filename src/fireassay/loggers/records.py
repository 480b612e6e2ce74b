"""What loggers are told of results: figures beside those without skill, judgements, files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fireassay.findings import Diagnosis, Interval, Value
from fireassay.loggers import Begun, Ended, finite, flat
from fireassay.swept import Row, Swept
from fireassay.trained import Trained
from fireassay.training.trial import Run, Trial

FILES = ("report.html", "report.md", "diagnosis.json", "train.json", "sweep.json", "study.toml")
"""What of a run folder is logged as files, where it is there."""


def of_trained(found: Trained, folder: Path) -> Ended:
    """Return what a training brought: the measures of the kept weights, mean over seeds."""
    measures = [finite(member.metrics) for member in found.members]
    metrics = {f"final/{name}": value for name, value in _mean(measures).items()}
    metrics |= {f"no_skill/{name}": value for name, value in finite(found.no_skill).items()}
    held = found.held_out
    metrics |= _scored(held.effect, held.interval, held.p, held.trivial)
    return Ended(
        metrics=metrics,
        tags={"metric": held.metric, "ended": ", ".join(sorted({m.status for m in found.members}))},
        text=_said([sentence.text for sentence in found.assessment]),
        files=files(folder),
    )


def of_swept(found: Swept, folder: Path) -> Ended:
    """Return what a sweep brought: its best row beside the best of as many without skill."""
    metrics: dict[str, float] = {}
    tags = {"metric": found.metric, "rows": str(len(found.rows))}
    if found.best:
        best = found.best
        metrics |= finite(
            {
                "best/score": best.score,
                "best/p": best.p,
                "no_skill/best": best.chance,
                "no_skill/best_q95": best.q95,
            }
        )
        tags["best.row"] = str(best.row)
    chosen = found.row(found.chosen) if found.chosen else None
    if chosen:
        metrics |= finite({"chosen/score": chosen.score, "chosen/p": chosen.p})
        tags["chosen.row"] = str(chosen.number)
    text = _said([sentence.text for sentence in found.assessment])
    return Ended(metrics=metrics, tags=tags, text=text, files=files(folder))


def of_row(found: Swept, row: Row) -> Ended:
    """Return what a row brought; its p alone and of all rows together."""
    metrics = {f"final/{name}": value for name, value in finite(row.metrics).items()}
    metrics |= _scored(row.score, row.interval, row.p, found.chance)
    metrics |= finite({"p_of_all": row.p_adjusted, "validation": row.validation})
    told = row.p_adjusted is not None and row.p_adjusted <= found.alpha
    return Ended(
        metrics=metrics,
        tags={
            "metric": found.metric,
            "ended": row.status,
            "beyond_chance": "yes" if told else "no",
            "chosen_by_validation": "yes" if found.chosen == row.number else "no",
        },
    )


def of_diagnosis(found: Diagnosis, folder: Path) -> Ended:
    """Return what a diagnosis brought: the status of each cause, and each evidence's figures."""
    metrics: dict[str, float] = {}
    for name, evidence in found.evidence.items():
        metrics |= finite(
            {
                f"evidence/{name}/effect": evidence.effect,
                f"evidence/{name}/p": evidence.p,
                f"evidence/{name}/p_adjusted": evidence.p_adjusted,
                f"evidence/{name}/mde": evidence.mde,
                f"no_skill/{name}": evidence.trivial,
            }
        )
    tags = {f"cause.{name}": told.status.value for name, told in found.causes.items()}
    tags["primary"] = ", ".join(found.primary) or "none"
    text = _said([sentence.text for sentence in found.assessment])
    return Ended(metrics=metrics, tags=tags, text=text, files=files(folder))


def of_run(run: Run) -> Ended:
    """Return what one trial brought."""
    metrics = {f"final/{name}": value for name, value in finite(run.final).items()}
    return Ended(metrics=metrics, tags={"ended": run.status.value})


def trial_begun(trial: Trial) -> Begun:
    """Return a trial of a battery as a child run."""
    changes = [change.label for change in trial.interventions]
    settings = flat({"settings": trial.settings.model_dump(mode="json")})
    return Begun(
        key=f"trial_{trial.id}",
        title=" ".join([trial.learner, *changes, f"seed={trial.seed}"]),
        params={"model": trial.learner, "seed": trial.seed, **settings},
        tags={"trial": trial.id, "interventions": "; ".join(changes) or "none"},
    )


def row_begun(number: int, changes: Mapping[str, Value], trials: Sequence[Trial]) -> Begun:
    """Return a row of a sweep as a child run."""
    settings = flat({"settings": trials[0].settings.model_dump(mode="json")})
    told = " ".join(f"{name}={value}" for name, value in changes.items())
    return Begun(
        key=row_key(number),
        title=f"row {number}: {told}",
        params={"model": trials[0].learner, "seed": trials[0].seed, **settings},
        tags={"row": str(number), "trials": ", ".join(trial.id for trial in trials)},
    )


def row_key(number: int) -> str:
    """Return the key of a row's run."""
    return f"row_{number:04d}"


def files(folder: Path) -> list[Path]:
    """Return the reports and results that a run folder holds."""
    return [folder / name for name in FILES if (folder / name).exists()]


def _scored(
    score: float | None, interval: Interval | None, p: float | None, chance: float | None
) -> dict[str, float]:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return finite(
        {"score": score, "score_low": low, "score_high": high, "p": p, "no_skill/score": chance}
    )


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each measure over the rows that have it."""
    names: Iterator[str] = (name for row in rows for name in row)
    return {
        name: sum(row[name] for row in rows if name in row) / sum(name in row for row in rows)
        for name in dict.fromkeys(names)
    }


def _said(texts: Sequence[str]) -> str:
    return "\n\n".join(texts)
