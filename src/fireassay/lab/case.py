"""From what is learned to what is diagnosed: the user's model, the references, and what time buys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from fireassay.data.bars import MARKET_COLUMNS
from fireassay.data.targets import available
from fireassay.diagnosis.budget import TRAINED, Afforded, Clock, Rate, fit_to_budget, measure_rate
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.scan import label_maker
from fireassay.lab.prepare import Prepared
from fireassay.training.learner import learner
from fireassay.training.store import Store
from fireassay.training.trial import Tasks, Trial

EFFECT = {"binary": 0.03, "multiclass": 0.03, "real": 0.05}
"""The effect that matters where the user names none: AUC .53 (about 52 % accuracy), rank IC .05."""

REFERENCES = ("linear", "boosting")
"""Learners that every diagnosis fits beside the user's."""


def open_case(prepared: Prepared) -> Case:
    """Return the case of a study: the user's model as set, and reference learners beside it."""
    study, task = prepared.study, prepared.task
    trial = Trial(study.model, study.learner_settings(), task.fingerprint, seed=study.seed)
    names = [name for name in REFERENCES if name != study.model]
    references = [Trial(n, learner(n).default(), task.fingerprint, seed=study.seed) for n in names]
    return case_of(prepared, trial, references)


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


def case_of(prepared: Prepared, trial: Trial, references: Sequence[Trial]) -> Case:
    """Return the case of a trial on what was prepared, with these references."""
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
