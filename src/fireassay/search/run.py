"""Many configurations on one data set, told honestly: which can be told from chance, and the best.

Every configuration is trained on the same Task, those of equal shape in lockstep; each row's
predictions of the test sessions meet the same exchanges of label sessions. What a row's score is
worth is said for it alone, for all rows together, and for the best of them.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import fireassay
from fireassay.diagnosis.case import Case, Scored
from fireassay.errors import SettingError
from fireassay.findings import Sentence
from fireassay.kept import test_labels
from fireassay.lab import Watch, open_case, prepare, write_reports
from fireassay.search.grid import Configuration, configurations
from fireassay.statistics.best_of import Tried, tried_runs
from fireassay.statistics.clustering import effective_labels
from fireassay.study import Study, differences, refuse_other_verb
from fireassay.swept import Best, Labels, Row, Swept
from fireassay.training.environment import environment, pick_device
from fireassay.training.learner import Setting
from fireassay.training.store import Store, holds_runs, refuse_unwritable
from fireassay.training.trial import Run, RunStatus, Trial

FREE = ("settings.", "model", "seed", "sweep.", "diagnosis.", "device", "scan.")
"""Keys that may differ when a folder is gone on with: rows carry their own settings."""

NOTHING = 1e-9


def sweep(
    study: Study,
    out: Path | str,
    frame: object = None,
    watch: Watch | None = None,
    landed: Callable[[Row], None] = lambda _row: None,
) -> Swept:
    """Train every configuration of the study's grid and judge them together.

    A folder in which a sweep of the same question was begun is gone on with: what is trained is
    read, new configurations get the next numbers, and all that was ever tried counts.

    Parameters
    ----------
    landed
        Told of every row as it is finished.

    Raises
    ------
    UserError
        If the data, a setting or the grid can't be used, or the folder holds something else.
    """
    watch = watch or Watch()
    began = time.perf_counter()
    chosen = configurations(study, study.sweep.grid)
    refuse_unwritable(out)
    refuse_other_verb(out, "train.json", "a training")
    refuse_other_verb(out, "diagnosis.json", "a diagnosis")
    _refuse_other_question(study, Path(out))
    prepared = prepare(study, frame, watch)
    store = Store(out)
    store.refuse_other_data(prepared.task.fingerprint)
    case = open_case(prepared)
    numbered = _numbered(store, chosen)
    store.write("study.toml", study.to_toml())
    store.write("rows.json", json.dumps([one.specification() for one in numbered], indent=1))
    store.write_table("test.parquet", test_labels(prepared.bars.frame, case.task))
    watch.phase("loading PyTorch")
    from fireassay.training.execute import Executor

    device = pick_device(study.device)
    trials = [_trials(case, one) for one in numbered]
    every = {trial.id: trial for row in trials for trial in row}
    plan = [{"id": trial.id, **trial.specification()} for trial in every.values()]
    store.write("plan.json", json.dumps(plan, indent=1))
    watch.note(f"{len(numbered)} configurations, {len(every)} runs; the folder is {out}")
    watch.phase(f"training {len(every)} runs")
    execute = Executor(case.tasks, Setting(device, store, watch.progress))
    runs: dict[str, Run] = {}
    told: set[int] = set()
    for run in execute(list(every.values())):
        runs[run.trial.id] = run
        for number, row in enumerate(trials, start=1):
            if number not in told and all(trial.id in runs for trial in row):
                told.add(number)
                landed(_row(case, number, numbered[number - 1], [runs[t.id] for t in row]))
    watch.phase("judging all configurations together")
    each = [[runs[trial.id] for trial in row] for row in trials]
    scored = [case.scored(row) for row in each]
    tried = _tried(case, scored)
    rows = tuple(
        _judged(_row(case, i + 1, numbered[i], each[i], scored[i]), tried, i)
        for i in range(len(each))
    )
    best = _best(tried)
    picked = _by_validation(rows)
    swept = Swept(
        fireassay_version=fireassay.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=f"{len(rows)} configurations for {study.target} on {prepared.bars.audit.source}",
        metric=case.metric,
        chance=case.chance,
        rows=rows,
        best=best,
        chosen=picked,
        alpha=case.alpha,
        labels=_labels(case),
        assessment=tuple(Sentence(text=text) for text in _assessment(case, rows, best, picked)),
        study=study.model_dump(mode="json"),
        environment=environment(device),
        seconds=time.perf_counter() - began,
    )
    store.write("sweep.json", swept.to_json())
    write_reports(swept, store)
    return swept


def _refuse_other_question(study: Study, root: Path) -> None:
    """Raise SettingError if the folder's runs were made for other data, features or labels."""
    if not (root / "study.toml").exists() or not holds_runs(root):
        return
    unlike = [
        f"{key} = {before!r} there and {now!r} here"
        for key, before, now in differences(Study.from_toml(root / "study.toml"), study)
        if not key.startswith(FREE)
    ]
    if unlike:
        raise SettingError(
            f"the folder holds a sweep of another question: {'; '.join(unlike[:4])}",
            where=str(root),
            fix="Give another folder with --out.",
        )


def _numbered(store: Store, chosen: Sequence[Configuration]) -> list[Configuration]:
    """Return all configurations ever tried in the folder, old ones first under their numbers."""
    kept = [Configuration.read(row) for row in json.loads(store.read("rows.json") or "[]")]
    found = {one.key: one for one in (*kept, *chosen)}
    return list(found.values())


def _trials(case: Case, one: Configuration) -> list[Trial]:
    trial = Trial(one.model, one.settings, case.task.fingerprint, seed=one.seed)
    return case.seeded(trial)


def _row(
    case: Case,
    number: int,
    one: Configuration,
    runs: Sequence[Run],
    scored: Scored | None = None,
) -> Row:
    estimate = case.estimate(scored or case.scored(runs))
    ended = {run.status for run in runs} - {RunStatus.DONE}
    names = dict.fromkeys(name for run in runs for name in run.final)
    metrics = {
        name: float(np.mean([run.final.get(name, math.nan) for run in runs])) for name in names
    }
    return Row(
        number=number,
        changes={key: _plain(value) for key, value in one.changes.items()},
        trials=tuple(run.trial.id for run in runs),
        status=next(iter(sorted(ended)), RunStatus.DONE).value,
        score=estimate.value,
        interval=None if math.isnan(estimate.low) else estimate.interval,
        metrics=metrics,
        epochs=max(len(run.history) for run in runs),
        seconds=sum(run.seconds for run in runs),
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)


def _tried(case: Case, scored: Sequence[Scored]) -> Tried:
    permutations = case.permutations(scored[0])
    pred = [one.pred for one in scored]
    return tried_runs(pred, scored[0].y, permutations, score=case.score)


def _judged(row: Row, tried: Tried, index: int) -> Row:
    test = tried.tests[index]
    adjusted = float(tried.joint.p_adjusted[index])
    flat = test.sd < NOTHING or math.isnan(test.sd)
    return row.model_copy(
        update={
            "p": test.p,
            "p_adjusted": None if math.isnan(adjusted) else adjusted,
            "mde": None if flat else test.mde(),
        }
    )


def _best(tried: Tried) -> Best:
    found = tried.best
    return Best(
        row=found.index + 1,
        tried=found.tried,
        score=found.value,
        chance=found.chance,
        q95=found.q95,
        p=found.p,
    )


def _by_validation(rows: Sequence[Row]) -> int | None:
    """Return the row of the least validation NLL; None where a learner was fitted on validation."""
    known = [row for row in rows if isinstance(row.metrics.get("validation_nll"), float)]
    if len(known) < len(rows) or any(not row.epochs > 1 for row in rows):
        return None
    return min(known, key=lambda row: _number(row.metrics, "validation_nll")).number


def _number(metrics: Mapping[str, Any], name: str) -> float:
    value = metrics.get(name)
    return float(value) if isinstance(value, int | float) else math.inf


def _labels(case: Case) -> Labels:
    task, kind = case.task, case.task.label.kind
    shares = [
        float(task.label.y[rows].mean()) if kind == "binary" else None
        for rows in (task.train_rows, task.test_rows)
    ]
    return Labels(
        kind=kind,
        train=task.labels,
        test=len(task.test_rows),
        effective=_effective(case),
        train_prevalence=shares[0],
        prevalence=shares[1],
        dates=len(np.unique(task.panel.clusters[task.split.test])),
    )


def _effective(case: Case) -> float:
    task = case.task
    y = np.full(task.panel.rows, np.nan)
    y[task.test_rows] = task.label.y[task.test_rows]
    return float(effective_labels(y, task.panel.offsets, task.panel.clusters))


def _assessment(case: Case, rows: Sequence[Row], best: Best, picked: int | None) -> list[str]:
    named = {row.number: row for row in rows}
    top = named[best.row]
    score, chance, q95 = (value or math.nan for value in (best.score, best.chance, best.q95))
    told = (
        f"The best of {best.tried} is row {best.row}, {case.metric} {score:.4f}. Without skill the "
        f"best of {best.tried} scores {chance:.4f} on average and passes {q95:.4f} once in twenty: "
        f"p = {best.p:.3f}."
    )
    real = [row.number for row in rows if row.p_adjusted is not None and row.p_adjusted <= case.alpha]
    said = [told]
    if real:
        names = ", ".join(map(str, real[:12])) + (", …" if len(real) > 12 else "")
        count = f"{len(real)} of {len(rows)} rows"
        said.append(f"{count} can be told from chance, all rows tested together: {names}.")
    else:
        said.append(
            f"No row can be told from chance. A score had to pass {q95:.4f}; choosing row {best.row} "
            "for its score would be choosing luck. `fireassay diagnose` tells whether it is the "
            "model, the data or too few sessions."
        )
        if top.p is not None and top.p <= case.alpha:
            said.append(
                f"Alone, row {best.row} would have passed (p = {top.p:.3f}): that is what trying "
                f"{best.tried} does."
            )
    if picked is not None:
        row = named[picked]
        outcome = "can" if row.p is not None and row.p <= case.alpha else "can't"
        said.append(
            f"Row {picked} is what validation NLL chooses, which never saw the test; its own test "
            f"score, {case.metric} {row.score:.4f}, {outcome} be told from chance (p = {row.p:.3f}, "
            "with no correction to make)."
        )
    return said
