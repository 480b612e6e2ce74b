"""One patient's visit: the whole diagnosis, as a user's own data has it, and what it said."""

from __future__ import annotations

import tempfile
import time
import traceback
from pathlib import Path

from fireassay.clinic.patient import PATIENTS, Draw, Half
from fireassay.findings import Diagnosis, EvidenceStatus, Frozen, Status, Value


class Visit(Frozen):
    """What a diagnosis said of one patient.

    Attributes
    ----------
    patient, half, seed
        Who it was.
    drawn
        The parameters that were drawn.
    primary
        Supported causes, the most decisive first.
    excluded
        Excluded causes.
    cured
        Whether the changed settings, run, raised the labels' score with an interval above 0. None:
        nothing was run.
    claimed
        What the gains were, in words.
    seconds, training_runs
        What it cost, also in multiples of one training run.
    failure
        Traceback of a visit that broke off, else empty.
    checks_failed
        Checks that crashed.
    """

    patient: str
    half: Half
    seed: int
    drawn: dict[str, Value]
    primary: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    cured: bool | None = None
    claimed: str = ""
    seconds: float = 0.0
    training_runs: float | None = None
    failure: str = ""
    checks_failed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file that keeps it, without its ending."""
        return f"{self.patient}-{self.half.value}-{self.seed}"


def visit(name: str, half: Half, seed: int, kept: Path | None, budget: str) -> Visit:
    """Send a patient through the diagnosis.

    A visit that breaks off is a result with its traceback, not the end of the gauntlet.

    Parameters
    ----------
    name, half, seed
        Which patient.
    kept
        Folder in which the diagnosis is kept as NAME.json; None: nowhere.
    budget
        What a diagnosis may take, as `--budget`.
    """
    from fireassay import lab
    from fireassay.study import resolve

    draw, began = Draw(name, half, seed), time.perf_counter()
    given = PATIENTS[name].presents(draw)
    drawn: dict[str, Value] = dict(draw.taken)
    settings = {"diagnosis.budget": budget, "diagnosis.apply": True, **given.settings}
    settings["diagnosis.ledger"] = "off"  # a patient is nobody's data
    try:
        with tempfile.TemporaryDirectory(prefix="fireassay-") as folder:
            study = resolve(given.location, **settings)
            found = lab.diagnose(study, folder)
    except Exception:  # told in the table; the other patients are seen
        return Visit(
            patient=name,
            half=half,
            seed=seed,
            drawn=drawn,
            seconds=time.perf_counter() - began,
            failure=traceback.format_exc(),
        )
    made = _read(found, name, half, seed, drawn, time.perf_counter() - began)
    if kept is not None:
        from fireassay.training.store import Store

        Store(kept).write(f"{made.name}.diagnosis.json", found.to_json())
    return made


def _read(
    found: Diagnosis, name: str, half: Half, seed: int, drawn: dict[str, Value], seconds: float
) -> Visit:
    return Visit(
        patient=name,
        half=half,
        seed=seed,
        drawn=drawn,
        primary=found.primary,
        excluded=tuple(c for c, v in found.causes.items() if v.status is Status.EXCLUDED),
        cured=_cured(found),
        claimed=found.applied.outcome.reading if found.applied else "",
        seconds=seconds,
        training_runs=found.budget.training_runs,
        checks_failed=tuple(
            e.check for e in found.evidence.values() if e.status is EvidenceStatus.FAILED
        ),
    )


def _cured(found: Diagnosis) -> bool | None:
    """Tell whether the labels' score rose with an interval above 0; None where nothing was run."""
    if found.applied is None:
        return None
    interval = found.applied.outcome.interval
    return interval is not None and interval.low is not None and interval.low > 0
