"""The evidence of a ground: what the model as set lacks of the best reference learner."""

from __future__ import annotations

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import CHECKS, Check
from fireassay.diagnosis.ground import PLANTED, REAL, SHORT, ground, planting, whole_trials
from fireassay.findings import Bearing, Evidence, Mark, Plot, Rule, Series
from fireassay.statistics.null import detectable


def deficit_evidence(
    check: Check, case: Case, runs: Runs, name: str, experiment: str, caveat: str
) -> list[Evidence]:
    """Return the evidence of one ground, bounding every cause that a setting could remove.

    Parameters
    ----------
    check
        The check that asks.
    name
        PLANTED, FAINT or REAL.
    experiment, caveat
        In words.
    """
    found = ground(case, runs, name)
    if found is None:
        return []
    own, best, missing = found.own, found.best_value, found.lacking
    planted = planting(case, name)
    labels = f"a planted signal of {case.metric} {planted[0].dose:g}" if planted else "these labels"
    reading = (
        f"Of {labels} the model as set learns {own.value:.3f}, the best reference ({found.best}) "
        f"{best.value:.3f}" + (": it falls short." if found.short(case) else ".")
    )
    if found.suspect(case) and not found.whole and case.full is not None:
        reading += " Whether it would at the length that you set wasn't afforded."
    elif found.whole and not found.short(case):
        reading += " It fell short only where the budget shortened its training."
    bounds = tuple(
        Bearing(
            cause=cause,
            rule=Rule.BOUND,
            note=f"Nothing is missing that it could restore. {reading}",
        )
        for c in CHECKS.values()
        if (REAL if name == REAL else PLANTED) in c.bounded_by
        for cause in c.causes
    )
    learners = {"your model": own, found.best: best}
    if found.whole:
        learners["your model, shortened"] = found.value
    for trial in case.references:
        run = runs.get(trial.with_(*found.changes).id)
        if run is not None and trial.learner not in learners:
            learners[trial.learner] = case.estimate(case.scored([run]))
    marks = [Mark(axis="y", value=case.chance, label="chance")]
    if planted:
        marks.append(Mark(axis="y", value=planted[0].dose, label="planted"))
    return [
        Evidence(
            id=check.id,
            check=check.id,
            question=check.question,
            experiment=experiment,
            control="Reference learners on the same labels, paired over test dates.",
            metric=f"{case.metric} missing",
            effect=missing.value,
            trivial=0.0,
            interval=missing.interval,
            p=missing.p,
            mde=detectable(missing.se),
            # Twice the size from which a deficit is called one: presence begins at half of it.
            matters=max(2 * SHORT * found.excess, case.effect),
            sessions=missing.units,
            trials=tuple(
                t.id
                for t in (*found.trials(case), *whole_trials(case, found.changes))
                if t.id in runs
            ),
            bears_on=bounds,
            reading=reading,
            caveat=caveat,
            numbers={f"{case.metric} {n}": e.value for n, e in learners.items()},
            plot=Plot(
                kind="ladder",
                title="What each learner learns of it",
                x_label=f"{case.metric} on test sessions",
                series=(
                    Series(
                        name=case.metric,
                        x=tuple(learners),
                        y=tuple(e.value for e in learners.values()),
                        low=tuple(e.low for e in learners.values()),
                        high=tuple(e.high for e in learners.values()),
                        style="points",
                    ),
                ),
                marks=tuple(marks),
            ),
        )
    ]
