"""What every run folder holds beside its runs, and the ledger's line of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fireassay.bookkeeping import counted
from fireassay.diagnosis.battery import Execute
from fireassay.findings import Diagnosis, Tries
from fireassay.lab.prepare import Prepared
from fireassay.lab.watch import Watch
from fireassay.report import render
from fireassay.swept import Swept
from fireassay.trained import Trained
from fireassay.training.store import Store
from fireassay.training.trial import Run, Trial

FORMS = {"report.md": "markdown", "report.html": "html"}
"""Reports that every verb writes beside its JSON file."""


def write_diagnosis(diagnosis: Diagnosis, store: Store) -> None:
    """Write the diagnosis and its reports into a run folder."""
    store.write("diagnosis.json", diagnosis.to_json())
    write_reports(diagnosis, store)


def write_reports(found: Diagnosis | Trained | Swept, store: Store) -> None:
    """Write the reports that every run folder has."""
    for name, form in FORMS.items():
        store.write(name, render(found, form))


def recording(execute: Execute, store: Store) -> Execute:
    """Store every round's plan before it runs: it fixes the family of tests."""
    planned: list[dict[str, Any]] = []

    def run(trials: Sequence[Trial]) -> Iterable[Run]:
        planned.extend({"id": t.id, **t.specification()} for t in trials)
        store.write("plan.json", json.dumps(planned, indent=1))
        return execute(trials)

    return run


def counted_on_test(prepared: Prepared, out: Path | str, watch: Watch, **what: Any) -> Tries | None:
    """Write what was scored on the test sessions into the ledger; return what was tried so far.

    Parameters
    ----------
    **what
        Fields of `Tried` that verbs differ in.
    """
    task, target = prepared.task, prepared.study.target
    where = (task.panel, task.split.test, out, watch.note)
    return counted(prepared.study, prepared.bars, *where, target=target, **what)
