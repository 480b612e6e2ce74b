"""Run the prescription: train with the changed settings and report the gain, also when it is none."""

from __future__ import annotations

from fireassay.diagnosis.battery import Execute
from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.prescribe import merged
from fireassay.findings import Applied, Change, Diagnosis, Interval, Outcome, Value
from fireassay.training.trial import Trial

SETTINGS = "settings."


def apply(diagnosis: Diagnosis, case: Case, runs: Runs, execute: Execute) -> Diagnosis:
    """Return the diagnosis with what happened when all its changes were made at once.

    The changed model learns the labels as they are, from the same sessions, with the same seeds; the
    gain on the model as set is paired over test dates. Without changes nothing is run.
    """
    changes = merged(diagnosis.prescriptions)
    turned = {
        c.setting.removeprefix(SETTINGS): c.after for c in changes if c.setting.startswith(SETTINGS)
    }
    base = pick(runs, case.seeded(case.trial))
    if not turned or base is None:
        return diagnosis
    values = {**case.trial.settings.model_dump(mode="json"), **turned}
    settings = type(case.trial.settings).model_validate(values)
    changed = Trial(
        case.trial.learner, settings, case.trial.task, case.trial.interventions, case.trial.seed
    )
    after = list(execute(case.seeded(changed)))
    after.sort(key=lambda run: run.trial.seed)
    before_scored, after_scored = case.scored(base), case.scored(after)
    gain = case.gain(after_scored, before_scored)
    before, now = case.estimate(before_scored), case.estimate(after_scored)
    outcome = Outcome(
        metric=case.metric,
        before=before.value,
        after=now.value,
        gain=gain.value,
        interval=Interval(low=gain.low, high=gain.high, level=gain.level),
        p=gain.p,
        trials=tuple(run.trial.id for run in (*base, *after)),
        reading=_reading(case, before.value, now.value, gain.low, gain.high),
    )
    rows = _rows(base[0].final, after[0].final)
    return diagnosis.model_copy(
        update={"applied": Applied(changes=_made(changes), outcome=outcome, rows=rows)}
    )


def _made(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(c for c in changes if c.setting.startswith(SETTINGS))


def _reading(case: Case, before: float, after: float, low: float, high: float) -> str:
    told = f"With the changed settings {case.metric} goes from {before:.3f} to {after:.3f}"
    if low > 0:
        return f"{told}: a gain."
    if high < 0:
        return f"{told}: a loss."
    return f"{told}: no gain that these sessions can show (95 % interval {low:+.3f} to {high:+.3f})."


def _rows(before: dict[str, float], after: dict[str, float]) -> tuple[dict[str, Value], ...]:
    """Return one row a measure that both runs have."""
    return tuple(
        {"metric": name, "before": before[name], "after": after[name]}
        for name in before
        if name in after and name != "epoch"
    )
