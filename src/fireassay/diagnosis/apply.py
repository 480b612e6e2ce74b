"""Run the prescription: train with the changed settings and report the gain, also when it is none."""

from __future__ import annotations

from dataclasses import dataclass

from fireassay.diagnosis.battery import Execute
from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.ground import FAINT, PLANTED, planting, shortfall
from fireassay.diagnosis.prescribe import merged
from fireassay.findings import Applied, Change, Diagnosis, Outcome, Value
from fireassay.statistics.bootstrap import Difference
from fireassay.training.trial import Run, Trial

SETTINGS = "settings."


def apply(diagnosis: Diagnosis, case: Case, runs: Runs, execute: Execute) -> Diagnosis:
    """Return the diagnosis with what happened when all its changes were made at once.

    The changed model learns the labels as they are, from the same sessions, with the same seeds; the
    gain on the model as set is paired over test dates. So it does on a planted signal, where the
    truth is known. Without changes nothing is run.
    """
    changes = merged(diagnosis.prescriptions)
    turned = {
        c.setting.removeprefix(SETTINGS): c.after for c in changes if c.setting.startswith(SETTINGS)
    }
    if not turned or pick(runs, case.seeded(case.trial)) is None:
        return diagnosis
    values = {**case.trial.settings.model_dump(mode="json"), **turned}
    settings = type(case.trial.settings).model_validate(values)
    changed = Trial(
        case.trial.learner, settings, case.trial.task, case.trial.interventions, case.trial.seed
    )
    # The same changes on a signal that is known to be there: what no gain on the labels means.
    short = shortfall(case, runs)
    planted = planting(case, FAINT if short is not None and short.name == FAINT else PLANTED)
    wanted = {
        "": (case.seeded(case.trial), case.seeded(changed)),
        "planted": (case.seeded(case.trial, *planted), case.seeded(changed, *planted)),
    }
    came = {run.trial.id: run for run in execute([t for pair in wanted.values() for t in pair[1]])}
    known = {**runs, **came}
    gains = {}
    for name, pair in wanted.items():
        before, after = (pick(known, trials) for trials in pair)
        if before is not None and after is not None:
            gains[name] = _Gain.of(case, before, after)
    if "" not in gains:
        return diagnosis
    real, control = gains[""], gains.get("planted")
    outcome = Outcome(
        metric=case.metric,
        before=real.before,
        after=real.after,
        gain=real.gain.value,
        interval=real.gain.interval,
        p=real.gain.p,
        trials=tuple(t.id for pair in wanted.values() for trials in pair for t in trials),
        reading=" ".join(_reading(case, real) + (_control(control) if control else [])),
    )
    rows = _rows(real.runs[0].final, real.runs[1].final)
    scored: list[dict[str, Value]] = [
        {"metric": f"{case.metric}, {labels}", "before": g.before, "after": g.after}
        for labels, g in (("these labels", real), ("a planted signal", control))
        if g is not None
    ]
    made = Applied(changes=_made(changes), outcome=outcome, rows=(*scored, *rows))
    return diagnosis.model_copy(update={"applied": made})


@dataclass(frozen=True)
class _Gain:
    """Scores before and after, the paired gain, and the first run of each."""

    before: float
    after: float
    gain: Difference
    runs: tuple[Run, Run]

    @classmethod
    def of(cls, case: Case, before: list[Run], after: list[Run]) -> _Gain:
        then, now = case.scored(before), case.scored(after)
        gain = case.gain(now, then)
        return cls(case.estimate(then).value, case.estimate(now).value, gain, (before[0], after[0]))


def _made(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(c for c in changes if c.setting.startswith(SETTINGS))


def _reading(case: Case, found: _Gain) -> list[str]:
    low, high = found.gain.low, found.gain.high
    told = (
        f"With the changed settings {case.metric} goes from {found.before:.3f} to {found.after:.3f}"
    )
    if low > 0:
        return [f"{told}: a gain."]
    if high < 0:
        return [f"{told}: a loss."]
    return [
        f"{told}: no gain that these sessions can show (95 % interval {low:+.3f} to {high:+.3f})."
    ]


def _control(found: _Gain) -> list[str]:
    told = f"Of a planted signal it learns {found.after:.3f} instead of {found.before:.3f}"
    if found.gain.low > 0:
        return [f"{told}: what is there to be learned is learned better now."]
    return [f"{told}: no better."]


def _rows(before: dict[str, float], after: dict[str, float]) -> tuple[dict[str, Value], ...]:
    """Return one row a measure that both runs have."""
    return tuple(
        {"metric": name, "before": before[name], "after": after[name]}
        for name in before
        if name in after and name != "epoch"
    )
