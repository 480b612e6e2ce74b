"""`diagnose` and `inspect`: why a model doesn't learn, with training and before any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import fireassay
from fireassay.bookkeeping import member, said_of, tested
from fireassay.diagnosis.apply import apply
from fireassay.diagnosis.battery import Battery, run_battery
from fireassay.diagnosis.budget import Clock
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import CHECKS, Cost
from fireassay.diagnosis.checks.signal import real_learners
from fireassay.diagnosis.conclude import assessment, decisive_first, grave, next_steps
from fireassay.diagnosis.heuristics import heuristics, metrics_reading
from fireassay.diagnosis.prescribe import prescriptions
from fireassay.diagnosis.track_record import with_confidence
from fireassay.diagnosis.verdict import adjusted, primary, verdicts
from fireassay.findings import BudgetUse, Diagnosis
from fireassay.kept import test_labels
from fireassay.lab.case import afforded_case, case_of, open_case
from fireassay.lab.prepare import Prepared, prepare
from fireassay.lab.watch import Watch
from fireassay.lab.writing import counted_on_test, recording, write_diagnosis
from fireassay.loggers.recorder import Recorder
from fireassay.loggers.records import of_diagnosis
from fireassay.models.probes import ProbeSettings
from fireassay.study import Study, refuse_other_verb
from fireassay.training.environment import environment, pick_device
from fireassay.training.learner import Progress, Setting
from fireassay.training.store import Store, refuse_unwritable
from fireassay.training.trial import Run, Trial

STOPPED = (
    "It stopped once the verdict was settled ({}): what only illustrates it was left out; "
    "--no-stop-early runs it."
)


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
        recording(execute, store),
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
        tries = counted_on_test(
            prepared,
            out,
            watch,
            verb="diagnose",
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
    write_diagnosis(diagnosis, store)
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
    case = case_of(prepared, trial, ())
    free = [name for name in CHECKS if CHECKS[name].cost is Cost.FREE]
    battery = run_battery(case, lambda _trials: (), clock, None, watch.news, only=free)
    diagnosis = conclude(prepared, case, battery, "cpu")
    use = BudgetUse(spent_s=clock.spent)
    diagnosis = diagnosis.model_copy(
        update={"budget": use, "title": f"{study.target} on {prepared.bars.audit.source}"}
    )
    if out is not None:
        write_diagnosis(diagnosis, Store(out))
    return diagnosis


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
            *grave(prepared.bars.audit, evidence),
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


def _in_training_runs(case: Case, runs: Mapping[str, Run]) -> float | None:
    """Return what all training took, in multiples of one run of the model as set."""
    own = [runs[t.id].seconds for t in case.seeded(case.trial) if t.id in runs]
    if not own or not sum(own):
        return None
    return sum(run.seconds for run in runs.values()) * len(own) / sum(own)
