"""`train`: a model, what it is worth on later sessions, and what is kept of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import fireassay
from fireassay.bookkeeping import member, said_of, tested
from fireassay.data.columns import selection_of
from fireassay.diagnosis.foresight import foreseen, told_before
from fireassay.kept import held_out_table, uncertainty_of
from fireassay.lab.case import case_of
from fireassay.lab.prepare import prepare
from fireassay.lab.watch import Watch
from fireassay.lab.writing import counted_on_test, recording, write_reports
from fireassay.loggers.recorder import Recorder
from fireassay.loggers.records import of_trained
from fireassay.study import Study, refuse_other_study
from fireassay.trained import Trained
from fireassay.training.environment import environment, pick_device
from fireassay.training.learner import Setting
from fireassay.training.serving import Inputs
from fireassay.training.store import Store, refuse_unwritable
from fireassay.training.trial import Trial


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
    case = case_of(prepared, trial, ())
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
    execute = recording(Executor(case.tasks, setting), store)
    kept = {run.trial.id: run for run in log.over(execute(case.seeded(trial)))}
    runs = [kept[t.id] for t in case.seeded(trial)]
    watch.phase("judging what it predicts of later sessions")
    judged = assay(case, runs)
    tries = counted_on_test(
        prepared,
        out,
        watch,
        verb="train",
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
