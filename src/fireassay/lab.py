"""The lab: load, plan, run, judge, conclude. Each verb of the command line is one function here."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

import fireassay
from fireassay.bookkeeping import counted, member, said_of, tested
from fireassay.data.assemble import build_panel, build_task
from fireassay.data.bars import MARKET_COLUMNS, Bars
from fireassay.data.columns import selection_of
from fireassay.data.load import load
from fireassay.data.splits import walk_forward
from fireassay.data.targets import TARGETS, available, labels
from fireassay.data.task import Task
from fireassay.diagnosis.apply import apply
from fireassay.diagnosis.battery import Battery, Execute, News, run_battery
from fireassay.diagnosis.budget import TRAINED, Afforded, Clock, Rate, fit_to_budget, measure_rate
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import CHECKS, Cost
from fireassay.diagnosis.checks.copies import FILLED
from fireassay.diagnosis.checks.signal import real_learners
from fireassay.diagnosis.conclude import assessment, decisive_first, next_steps
from fireassay.diagnosis.foresight import foreseen, told_before
from fireassay.diagnosis.heuristics import heuristics, metrics_reading
from fireassay.diagnosis.prescribe import prescriptions
from fireassay.diagnosis.scan import (
    Part,
    best,
    candidates,
    carriers,
    evidence_of,
    judge_all,
    label_maker,
    scan_targets,
    scanned_in_words,
    specifications,
)
from fireassay.diagnosis.track_record import with_confidence
from fireassay.diagnosis.verdict import adjusted, primary, verdicts
from fireassay.errors import DataError, UserError
from fireassay.findings import BudgetUse, DataAudit, Diagnosis, Evidence, Sentence
from fireassay.kept import (
    Kept,
    held_out_table,
    open_training,
    parts_of,
    test_labels,
    uncertainty_of,
)
from fireassay.loggers.recorder import Recorder
from fireassay.loggers.records import of_diagnosis, of_trained
from fireassay.models.probes import ProbeSettings
from fireassay.report import render
from fireassay.study import Study, refuse_other_study, refuse_other_verb
from fireassay.swept import Swept
from fireassay.trained import Trained
from fireassay.training.environment import environment, pick_device
from fireassay.training.learner import Progress, Setting, learner
from fireassay.training.serving import Inputs
from fireassay.training.store import Store, refuse_unwritable
from fireassay.training.trial import Run, Tasks, Trial

EFFECT = {"binary": 0.03, "multiclass": 0.03, "real": 0.05}
"""The effect that matters where the user names none: AUC .53 (about 52 % accuracy), rank IC .05."""

REFERENCES = ("linear", "boosting")
"""Learners that every diagnosis fits beside the user's."""

FORMS = {"report.md": "markdown", "report.html": "html"}
"""Reports that every verb writes beside its JSON file."""

STOPPED = (
    "It stopped once the verdict was settled ({}): what only illustrates it was left out; "
    "--no-stop-early runs it."
)


@dataclass
class Watch:
    """What a verb tells while it works.

    Attributes
    ----------
    phase, share
        Told what begins, and which share of it is done.
    note
        Told what is worth knowing at once.
    news, progress
        Told of plans, runs, evidence and epochs.
    """

    phase: Callable[[str], None] = lambda _text: None
    share: Callable[[float], None] = lambda _share: None
    note: Callable[[str], None] = lambda _text: None
    news: News = field(default_factory=News)
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True)
class Prepared:
    """A study's data, ready to be learned from.

    Attributes
    ----------
    study, bars, task
        What was asked, what was read, what is learned.
    """

    study: Study
    bars: Bars
    task: Task


def prepare(study: Study, frame: object = None, watch: Watch | None = None) -> Prepared:
    """Load bars, compute features and target, divide sessions.

    Parameters
    ----------
    study
        What to load, and how.
    frame
        A Polars, pandas or Arrow table, in place of `study.data.location`.
    """
    watch = watch or Watch()
    watch.phase("reading bars")
    bars = load(study.data, frame, need_prices=study.needs_prices)
    watch.phase("computing features and target")
    spec = study.spec
    moves = spec.name in TARGETS and TARGETS[spec.name].price_move
    task = build_task(
        bars,
        features=study.features,
        target=spec,
        split=study.split,
        scaling=study.scaling,
        others=[replace(spec, skip=spec.skip + 1)] if moves else [],
    )
    return Prepared(study, bars.reading(split=task.split.told(task.panel)), task)


def diagnose(
    study: Study, out: Path | str, frame: object = None, watch: Watch | None = None
) -> Diagnosis:
    """Find out why a model doesn't learn; write diagnosis.json and the reports into `out`.

    Raises
    ------
    UserError
        If the data or a setting can't be used, or the folder can't be written.
    """
    watch = watch or Watch()
    clock = Clock(study.diagnosis.limit_s)
    study.learner_settings()  # faulty settings are told before any data is read
    refuse_unwritable(out)
    refuse_other_verb(out, "train.json", "a training")
    log = Recorder(study, out, watch.note)
    prepared = prepare(study, frame, watch)
    store = Store(out)
    store.write("study.toml", study.to_toml())
    log.begin("diagnose", f"diagnose {study.target} with {study.model}")
    store.write_table("test.parquet", test_labels(prepared.bars.frame, prepared.task))
    watch.phase("looking at label and features")
    case = open_case(prepared)
    reading = [Cost.FREE, Cost.SCAN]
    battery = run_battery(case, lambda _trials: (), clock, None, watch.news, costs=reading)
    watch.phase("loading PyTorch and timing the model on this machine")
    from fireassay.training.execute import Executor

    device = pick_device(study.device)
    case, rate, note = afforded_case(case, store, clock, device)
    progress = Progress(watch.progress.epoch, lambda: clock.over or watch.progress.stop())
    execute = log.each(Executor(case.tasks, Setting(device, store, progress)))
    if study.diagnosis.apply and rate is not None:
        clock.held_s = 2 * case.seeds * rate.seconds(case.trial, case.tasks.of(case.trial))
    training = [cost for cost in Cost if cost not in reading]
    run_battery(
        case,
        _recording(execute, store),
        clock,
        rate,
        watch.news,
        costs=training,
        battery=battery,
    )
    for name, text in battery.crashes.items():
        store.write(f"crashes/{name}.txt", text)
    diagnosis = conclude(prepared, case, battery, device)
    signal = diagnosis.evidence.get("signal")
    if signal is not None:
        each = real_learners(case, battery.runs).values()
        tries = counted(
            study,
            prepared.bars,
            case.task.panel,
            case.task.split.test,
            out,
            watch.note,
            verb="diagnose",
            target=study.target,
            learner=study.model,
            members=tuple(member([run.trial.id for run in runs]) for runs in each),
            **tested(signal),
        )
        said = (*diagnosis.assessment, *said_of(tries, signal.id))
        diagnosis = diagnosis.model_copy(update={"tries": tries, "assessment": said})
    if study.diagnosis.apply:
        watch.phase("training with the changed settings")
        clock.held_s = 0.0
        diagnosis = apply(diagnosis, case, battery.runs, execute)
    use = BudgetUse(
        limit_s=clock.limit_s,
        spent_s=clock.spent,
        trials=len(battery.runs),
        training_runs=_in_training_runs(case, battery.runs),
        not_afforded=tuple(battery.not_afforded),
        note=" ".join(filter(None, (note, STOPPED.format(battery.settled) * bool(battery.settled)))),
    )
    diagnosis = diagnosis.model_copy(update={"budget": use})
    _write(diagnosis, store)
    log.end("", of_diagnosis(diagnosis, store.root))
    return diagnosis


def inspect(
    study: Study, out: Path | str | None = None, frame: object = None, watch: Watch | None = None
) -> Diagnosis:
    """Tell what the label and the features are, before anything is trained.

    Runs the checks that train nothing and returns them as a diagnosis without a verdict on training.

    Parameters
    ----------
    out
        Where to write the report, if anywhere.

    Raises
    ------
    UserError
        If the data or a setting can't be used, or the folder can't be written.
    """
    watch = watch or Watch()
    clock = Clock(float("inf"))
    study.learner_settings()
    if out is not None:
        refuse_unwritable(out)
        refuse_other_verb(out, "train.json", "a training")
    prepared = prepare(study, frame, watch)
    watch.phase("looking at label and features")
    trial = Trial("majority", ProbeSettings(), prepared.task.fingerprint)
    case = _case(prepared, trial, ())
    free = [name for name in CHECKS if CHECKS[name].cost is Cost.FREE]
    battery = run_battery(case, lambda _trials: (), clock, None, watch.news, only=free)
    diagnosis = conclude(prepared, case, battery, "cpu")
    use = BudgetUse(spent_s=clock.spent)
    diagnosis = diagnosis.model_copy(
        update={"budget": use, "title": f"{study.target} on {prepared.bars.audit.source}"}
    )
    if out is not None:
        _write(diagnosis, Store(out))
    return diagnosis


def scan(
    study: Study, out: Path | str | None = None, frame: object = None, watch: Watch | None = None
) -> Diagnosis:
    """Tell which targets could be learned from the study's features, tested all together.

    Returns the scan as a diagnosis that judges no cause. Looks at dates before the test only, so that
    the test stays untouched for the target that is chosen.

    Parameters
    ----------
    out
        Where to write the report, if anywhere.

    Raises
    ------
    UserError
        If the data, a target or a setting can't be used, or the folder can't be written.
    """
    watch = watch or Watch()
    clock = Clock(float("inf"))
    if out is not None:
        refuse_unwritable(out)
    watch.phase("reading bars")
    bars = load(study.data, frame, need_prices=study.needs_prices)
    watch.phase("computing features and targets")
    own = study.spec if "target" in study.model_fields_set else None
    panel = build_panel(bars, study.features, own)
    settings, split = study.scan, study.split
    divided = walk_forward(panel, test=split.test, validation=split.validation, embargo=split.embargo)
    specs = specifications(settings.targets, available(bars.frame), settings.horizons, settings.skips)
    found = candidates(label_maker(bars.frame), specs, own)
    if not found:
        labels(bars.frame, specs[:1])  # tells why
    watch.phase(f"scanning {len(found)} targets, horizons and delays")
    part = Part.of(panel, divided.fitted)
    scanned = scan_targets(
        part,
        found,
        draws=settings.draws,
        alpha=study.diagnosis.alpha,
        seed=study.seed,
        missing=len({*map(str, specs)} - {c.name for c in found}),
        progress=watch.share,
    )
    watch.phase("judging what each is worth")
    rows = judge_all(scanned, study.diagnosis.alpha)
    evidence = evidence_of(scanned, rows, study.diagnosis.alpha)
    if settings.groups and best(rows):
        watch.phase("asking which groups of features carry the best")
        evidence += carriers(scanned, best(rows, 2), study.diagnosis.alpha)
    for item in evidence:
        watch.news.judged(item)
    said, steps = scanned_in_words(scanned, rows, evidence)
    diagnosis = Diagnosis(
        fireassay_version=fireassay.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=f"Scan of {len(found)} targets on {bars.audit.source}",
        primary=(),
        assessment=said,
        causes=verdicts(evidence, study.diagnosis.alpha),
        evidence={e.id: e for e in evidence},
        next_steps=steps,
        data_audit=bars.audit,
        study=study.model_dump(mode="json"),
        environment=environment("cpu"),
        budget=BudgetUse(spent_s=clock.spent),
    )
    tries = counted(
        study,
        bars,
        panel,
        divided.fitted,
        out,
        watch.note,
        verb="scan",
        target=f"{len(found)} targets",
        learner="ridge on fixed features",
        members=tuple(f"{one.name} of {' '.join(study.features)}" for one in found),
        **tested(evidence[0]),
    )
    said = (*diagnosis.assessment, *said_of(tries, evidence[0].id))
    diagnosis = diagnosis.model_copy(update={"tries": tries, "assessment": said})
    if out is not None:
        store = Store(out)
        store.write("study.toml", study.to_toml())
        _write(diagnosis, store)
    return diagnosis


def train(study: Study, out: Path | str, frame: object = None, watch: Watch | None = None) -> Trained:
    """Train the study's model once per seed, judge it on later sessions, and keep it in `out`.

    A folder in which the same study was begun is gone on with: runs that are whole are read, one
    that was interrupted continues after the last epoch that was kept.

    Raises
    ------
    UserError
        If the data or a setting can't be used, the folder can't be written, or it holds something
        else.
    """
    watch = watch or Watch()
    began = time.perf_counter()
    settings = study.learner_settings()
    refuse_unwritable(out)
    refuse_other_study(study, out)
    log = Recorder(study, out, watch.note)
    prepared = prepare(study, frame, watch)
    task, store = prepared.task, Store(out)
    store.refuse_other_data(task.fingerprint)
    trial = Trial(study.model, settings, task.fingerprint, seed=study.seed)
    case = _case(prepared, trial, ())
    inputs = Inputs.of(task, selection_of(prepared.bars.frame, study.features, task.panel.features))
    store.write("study.toml", study.to_toml())
    store.write("inputs.json", inputs.to_json())
    watch.phase("loading PyTorch")
    from fireassay.diagnosis.assay import assay
    from fireassay.training.execute import Executor

    device = pick_device(study.device)
    before = foreseen(case)
    for text in told_before(case, before):
        watch.note(text)
    log.begin("train", f"train {study.target} with {study.model}")
    log.place(case.seeded(trial))
    watch.phase(f"training {study.model}")
    setting = Setting(device, store, log.progress(watch.progress))
    execute = _recording(Executor(case.tasks, setting), store)
    kept = {run.trial.id: run for run in log.over(execute(case.seeded(trial)))}
    runs = [kept[t.id] for t in case.seeded(trial)]
    watch.phase("judging what it predicts of later sessions")
    judged = assay(case, runs)
    tries = counted(
        study,
        prepared.bars,
        task.panel,
        task.split.test,
        out,
        watch.note,
        verb="train",
        target=study.target,
        learner=study.model,
        members=(member([run.trial.id for run in runs]),),
        **tested(judged.held_out),
    )
    trained = Trained(
        fireassay_version=fireassay.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=f"{study.target} on {prepared.bars.audit.source} with {study.model}",
        before=before,
        **{**vars(judged), "assessment": (*judged.assessment, *said_of(tries))},
        uncertainty=uncertainty_of(task, runs, drawn=before.drawn),
        data_audit=prepared.bars.audit,
        study=study.model_dump(mode="json"),
        environment=environment(device),
        seconds=time.perf_counter() - began,
        tries=tries,
    )
    store.write_table("predictions.parquet", held_out_table(prepared.bars.frame, task, runs, inputs))
    store.write("train.json", trained.to_json())
    write_reports(trained, store)
    log.end("", of_trained(trained, store.root))
    return trained


def predict(
    run: Path | str,
    location: str = "",
    frame: object = None,
    *,
    draws: int | None = None,
    keep_draws: bool = False,
    watch: Watch | None = None,
    **reading: Any,
) -> pl.DataFrame:
    """Ask a trained model about every bar of its own data, or of other data.

    Parameters
    ----------
    run
        Folder of a finished training.
    location, frame
        Other data, as a location or a table; neither: the data of the training.
    draws
        Posterior draws of a prediction; None: as the model's settings say.
    keep_draws
        Whether to return what each draw predicts, as the column `draws`.
    **reading
        How other data is read, where it isn't as in the training (fields of `DataSettings`).

    Returns
    -------
    pl.DataFrame
        One row a bar: symbol, session, time, and the columns of `fireassay.kept.Kept.table`; for the
        data of the training also `part`: train, validation or test, null for dates left out.

    Raises
    ------
    UserError
        If the folder holds no finished training, the data can't be read or lacks a feature, or the
        data of the training isn't there any more or has changed.
    """
    watch = watch or Watch()
    kept = open_training(run)
    prepared = None
    if not location and frame is None:
        prepared = _prepared_again(kept, watch)
        bars, panel = prepared.bars, prepared.task.panel
    else:
        watch.phase("reading bars")
        settings, needed = kept.settings_for(location, reading), kept.study.needs_prices
        bars = load(settings, frame, need_prices=needed, least_sessions=1)
        watch.phase("computing features")
        try:
            panel = build_panel(bars, kept.inputs.selection)
        except UserError as error:
            raise DataError(
                f"this data can't have the features that the model was trained on: {error.what}",
                where=error.where,
                fix="Give data with the columns of the training.",
            ) from None
        kept.inputs.check(panel.features)
    watch.phase("predicting")
    found = kept.forecast(
        panel,
        lambda: (prepared or _prepared_again(kept, watch)).task,
        draws=draws,
        keep=keep_draws,
        device=pick_device(kept.study.device),
    )
    index = bars.frame.select("symbol", "session", "time")
    if prepared is not None:
        index = index.with_columns(parts_of(prepared.task))
    return kept.table(index, found)


def open_case(prepared: Prepared) -> Case:
    """Return the case of a study: the user's model as set, and reference learners beside it."""
    study, task = prepared.study, prepared.task
    trial = Trial(study.model, study.learner_settings(), task.fingerprint, seed=study.seed)
    names = [name for name in REFERENCES if name != study.model]
    references = [Trial(n, learner(n).default(), task.fingerprint, seed=study.seed) for n in names]
    return _case(prepared, trial, references)


def afforded_case(
    case: Case, store: Store, clock: Clock, device: str
) -> tuple[Case, Rate | None, str]:
    """Return the case as the budget allows it, the network's speed here, and what was shortened.

    A run that goes on under the same budget keeps what was decided when it began: the clock would
    decide anew. Under another one it is decided anew, and runs that serve again are read.
    """
    if not isinstance(case.trial.settings, TRAINED):
        return case, None, ""
    rate = measure_rate(case.trial, case.task, device)
    kept = store.read("afforded.json")
    found = Afforded.read(case.trial, kept, clock.limit_s) if kept else None
    afforded = found or fit_to_budget(case.trial, case.task, rate, clock)
    store.write("afforded.json", afforded.to_json(clock.limit_s))
    return replace(case, trial=afforded.trial, full=afforded.full), rate, afforded.note


def _case(prepared: Prepared, trial: Trial, references: Sequence[Trial]) -> Case:
    study, task, frame = prepared.study, prepared.task, prepared.bars.frame
    return Case(
        tasks=Tasks(task),
        trial=trial,
        references=tuple(references),
        effect=study.diagnosis.effect or EFFECT[task.label.kind],
        alpha=study.diagnosis.alpha,
        draws=study.diagnosis.draws,
        seeds=study.diagnosis.seeds,
        stop_early=study.diagnosis.stop_early,
        skipped=task.others[0].name if task.others else None,
        prices={
            name: frame[name].cast(pl.Float64).to_numpy()
            for name in MARKET_COLUMNS
            if name in frame.columns
        },
        labels=label_maker(frame),
        catalogue=available(frame),
    )


def conclude(prepared: Prepared, case: Case, battery: Battery, device: str) -> Diagnosis:
    """Judge the evidence of a battery and say in words what it comes to."""
    from fireassay.diagnosis.assay import kl_budget

    study = prepared.study
    evidence = adjusted(battery.evidence)
    found = with_confidence(verdicts(evidence, case.alpha))
    order = primary(found)
    by_id = {e.id: e for e in decisive_first(evidence, found, order)}
    as_set = battery.runs.get(case.trial.id)
    return Diagnosis(
        fireassay_version=fireassay.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=f"{study.target} on {prepared.bars.audit.source} with {study.model}",
        primary=order,
        assessment=(
            *grave(prepared.bars.audit, by_id),
            *assessment(found, evidence, order, case.alpha),
        ),
        causes=found,
        evidence=by_id,
        prescriptions=prescriptions(found, by_id, order),
        next_steps=next_steps(found, order, evidence),
        metrics_reading=metrics_reading(case, battery.runs),
        heuristics=heuristics(case, battery.runs),
        metrics=tuple(dict(row) for row in as_set.history) if as_set else (),
        information_budget=kl_budget(case) if as_set else None,
        data_audit=prepared.bars.audit,
        study=study.model_dump(mode="json"),
        environment=environment(device),
    )


def _prepared_again(kept: Kept, watch: Watch) -> Prepared:
    """Read the data of a finished training again; raises DataError if it isn't the same."""
    if not kept.study.data.location:
        fix = "Give the data to predict on."
        if kept.net is None:
            fix = f"A {kept.study.model} model is fitted again when it is asked: train it on a file."
        raise DataError(
            "the model was trained on a table in memory, which can't be read again",
            where=str(kept.folder),
            fix=fix,
        )
    prepared = prepare(kept.study, watch=watch)
    if prepared.task.fingerprint != kept.fingerprint:
        raise DataError(
            f"{kept.study.data.location} has changed since the model was trained on it",
            where=str(kept.folder),
            fix="Give it as new data, to predict on it as it is now.",
        )
    return prepared


def grave(audit: DataAudit, evidence: Mapping[str, Evidence]) -> tuple[Sentence, ...]:
    """Say first what makes results on the data as it stands wrong, however good they look."""
    said = []
    for item in audit.items:
        if not item.grave:
            continue
        share = item.share or 0.0
        text = f"Mend the data first: {share:.1%} of its bars are {item.what}. {item.advice}"
        looked = evidence.get("copies")
        labelled = looked.numbers.get(FILLED) if looked else None
        if item.id == "filled_from_later" and isinstance(labelled, float):
            among = f"{labelled:.1%} of the labelled bars are" if labelled else "No labelled bar is"
            said.append(Sentence(text=f"{text} {among} among them.", evidence=("copies",)))
        else:
            said.append(Sentence(text=text))
    return tuple(said)


def _write(diagnosis: Diagnosis, store: Store) -> None:
    """Write the diagnosis and its reports into a run folder."""
    store.write("diagnosis.json", diagnosis.to_json())
    write_reports(diagnosis, store)


def write_reports(found: Diagnosis | Trained | Swept, store: Store) -> None:
    """Write the reports that every run folder has."""
    for name, form in FORMS.items():
        store.write(name, render(found, form))


def _in_training_runs(case: Case, runs: Mapping[str, Run]) -> float | None:
    """Return what all training took, in multiples of one run of the model as set."""
    own = [runs[t.id].seconds for t in case.seeded(case.trial) if t.id in runs]
    if not own or not sum(own):
        return None
    return sum(run.seconds for run in runs.values()) * len(own) / sum(own)


def _recording(execute: Execute, store: Store) -> Execute:
    """Store every round's plan before it runs: it fixes the family of tests."""
    planned: list[dict[str, Any]] = []

    def run(trials: Sequence[Trial]) -> Iterable[Run]:
        planned.extend({"id": t.id, **t.specification()} for t in trials)
        store.write("plan.json", json.dumps(planned, indent=1))
        return execute(trials)

    return run
