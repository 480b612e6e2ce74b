"""`scan`: which targets could be learned from the features."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import fireassay
from fireassay.bookkeeping import counted, said_of, tested
from fireassay.data.assemble import build_panel
from fireassay.data.load import load
from fireassay.data.splits import walk_forward
from fireassay.data.targets import available, labels
from fireassay.diagnosis.budget import Clock
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
from fireassay.diagnosis.verdict import verdicts
from fireassay.findings import BudgetUse, Diagnosis
from fireassay.lab.watch import Watch
from fireassay.lab.writing import write_diagnosis
from fireassay.study import Study
from fireassay.training.environment import environment
from fireassay.training.store import Store, refuse_unwritable


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
        write_diagnosis(diagnosis, store)
    return diagnosis
