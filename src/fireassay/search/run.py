"""Many configurations on one data set, told honestly: which can be told from chance, and the best.

Every configuration is trained on the same Task, those of equal shape in lockstep; each row's
predictions of the test sessions meet the same exchanges of label sessions. What a row's score is
worth is said for it alone, for all rows together, and for the best of them.

The null of the best of N where an optimiser picked the N. Which configurations there are, and what
each predicts of the test sessions, then depends on training and validation labels and on the
features, but on no test label. Given all of these, N and the N predictions are fixed, and without
skill whole test sessions' labels are exchangeable against them as they are for a grid: the maximum
over the same N predictions is the null of the best, however the N were found. It holds for as long as
the search sees no test score, which is why it goes by the validation sessions alone; by test scores
it would have to be repeated for each exchange. The same goes for a person: who reads the table and
then adds rows has picked them by the test, and no p of the folder counts that.

The row that validation chooses was picked without a test label too, so its own p needs no correction:
after a search it is the one to read. Its validation score is the best of N, and flatters.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import fireassay
from fireassay.bookkeeping import member, said_of
from fireassay.diagnosis.case import Case, Scored
from fireassay.errors import SettingError
from fireassay.findings import Sentence
from fireassay.kept import test_labels
from fireassay.lab import Watch, counted_on_test, open_case, prepare, write_reports
from fireassay.loggers.recorder import Recorder
from fireassay.loggers.records import of_row, of_swept, row_begun, row_key
from fireassay.search.grid import Configuration, configurations
from fireassay.search.optimiser import Optimiser, refuse_without_optuna
from fireassay.search.space import checked
from fireassay.search.table import Table, chosen_by
from fireassay.search.words import assessment
from fireassay.statistics.best_of import Tried, tried_runs
from fireassay.statistics.clustering import effective_labels
from fireassay.study import Study, differences, refuse_other_verb
from fireassay.swept import Best, Labels, Row, Search, Swept
from fireassay.training.environment import environment, pick_device
from fireassay.training.learner import Setting
from fireassay.training.store import Store, holds_runs, refuse_unwritable

FREE = ("settings.", "model", "seed", "sweep.", "diagnosis.", "device", "scan.", "log")
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
    settings = study.sweep
    if settings.grid and settings.vary:
        raise SettingError(
            "there are a grid and a space to search",
            fix="Give --grid or --vary; one after the other.",
        )
    grid = [] if settings.vary else configurations(study, settings.grid)
    space = checked(study, settings.vary) if settings.vary else {}
    if space:
        refuse_without_optuna()
    refuse_unwritable(out)
    refuse_other_verb(out, "train.json", "a training")
    refuse_other_verb(out, "diagnosis.json", "a diagnosis")
    _refuse_other_question(study, Path(out))
    log = Recorder(study, out, watch.note)
    prepared = prepare(study, frame, watch)
    store = Store(out)
    store.refuse_other_data(prepared.task.fingerprint)
    case = open_case(prepared)
    if space and not len(case.task.validation_rows):
        raise SettingError(
            "there are no validation sessions, and a search goes by nothing else",
            fix="Leave some out: --validation 0.1.",
        )
    store.write("study.toml", study.to_toml())
    store.write_table("test.parquet", test_labels(prepared.bars.frame, case.task))
    watch.phase("loading PyTorch")
    from fireassay.training.execute import Executor

    device = pick_device(study.device)
    log.begin("sweep", f"sweep for {study.target}")
    execute = Executor(case.tasks, Setting(device, store, log.progress(watch.progress)))
    table = Table(case, store, searched=bool(space))
    optimiser = Optimiser(study, space, store) if space else None
    batches = optimiser.batches(table.losses) if optimiser else iter([grid])
    for batch in _after_kept(table, batches):
        trials = table.add(batch)
        for number, one in enumerate(table.numbered, start=1):
            log.place(table.trials(one), row_begun(number, one.changes, table.trials(one)))
        if not trials:
            continue
        tried = f"{optimiser.tried} of {settings.trials} tried, " if optimiser else ""
        watch.note(f"{tried}{len(table.numbered)} configurations, {len(trials)} runs, in {out}")
        watch.phase(f"training {len(trials)} runs")
        for run in log.over(execute(trials)):
            for row in table.take(run):
                landed(row)
    watch.phase("judging all configurations together")
    scored = [case.scored(runs) for runs in table.each]
    joint = _tried(case, scored)
    rows = tuple(_judged(table.row(i, scored[i]), joint, i) for i in range(len(scored)))
    best = _best(joint)
    picked = _by_validation(rows, case)
    search = None
    if optimiser:
        search = Search(by="Optuna's TPE", trials=optimiser.tried, impossible=optimiser.impossible)
    tries = counted_on_test(
        prepared,
        out,
        watch,
        verb="sweep",
        learner=", ".join(dict.fromkeys(one.model for one in table.numbered)),
        members=tuple(member([run.trial.id for run in row]) for row in table.each),
        metric=case.metric,
        score=best.score,
        chance=case.chance,
        p=best.p,
        least_p=1 / (case.draws + 1),
    )
    said = [Sentence(text=text) for text in assessment(case, rows, best, picked, search)]
    swept = Swept(
        fireassay_version=fireassay.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=f"{len(rows)} configurations for {study.target} on {prepared.bars.audit.source}",
        metric=case.metric,
        chance=case.chance,
        rows=rows,
        best=best,
        chosen=picked,
        chosen_by=chosen_by(case),
        search=search,
        alpha=case.alpha,
        labels=_labels(case),
        assessment=(*said, *said_of(tries)),
        study=study.model_dump(mode="json"),
        environment=environment(device),
        seconds=time.perf_counter() - began,
        tries=tries,
    )
    store.write("sweep.json", swept.to_json())
    write_reports(swept, store)
    for row in swept.rows:
        log.end(row_key(row.number), of_row(swept, row))
    log.end("", of_swept(swept, store.root))
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


def _after_kept(
    table: Table, batches: Iterator[list[Configuration]]
) -> Iterator[list[Configuration]]:
    """Yield the rows that the folder keeps, if it does, then what is new."""
    kept = table.kept()
    if kept:
        yield kept
    yield from batches


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


def _by_validation(rows: Sequence[Row], case: Case) -> int | None:
    """Return the row of the best validation score; None where one hasn't any."""
    known = [(row.validation, row.number) for row in rows if row.validation is not None]
    if len(known) < len(rows):
        return None
    return (min if chosen_by(case) == "NLL" else max)(known, key=lambda pair: pair[0])[1]


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
