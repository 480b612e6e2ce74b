"""What do the three changes do that people try first?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs, Scored, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.rung import Rung
from fireassay.diagnosis.variants import variants
from fireassay.findings import Bearing, Evidence, Mark, Plot, Rule, Series, Value
from fireassay.interventions import TaskChange
from fireassay.statistics.multiplicity import holm
from fireassay.statistics.null import detectable
from fireassay.training.trial import Run, Trial

AS_SET = Rung("as set", ())

SHOWN = {
    "binary": ("train_nll", "test_nll", "train_accuracy", "test_accuracy"),
    "multiclass": ("train_nll", "test_nll", "train_accuracy", "test_accuracy"),
    "real": ("train_nll", "test_nll", "train_r2", "test_r2"),
}
"""Measures on the labels as they are that people compare by eye."""


@check
class UsualChanges(Check):
    """Train a tiny model, one without regularization and one without KL, each with both controls.

    Question: what do the three diagnostics say that people run by hand, and what would they have said
    had there been something to learn, or nothing?

    Controls: each change is also trained on labels of other sessions (nothing to learn) and on labels
    with a strong planted signal (much to learn). A change that does nothing on the labels as they are
    means something only if it does something on the planted ones. The gain on the labels as they are
    is paired over test dates with the model as set; p is corrected for the number of changes.

    References: Karpathy (2019), A recipe for training neural networks; Holm (1979), A simple
    sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6:65
    """

    id: ClassVar[str] = "usual_changes"
    question: ClassVar[str] = (
        "What do the three usual changes do: a tiny model, no regularization, no KL?"
    )
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.VARIANTS

    def applies(self, case: Case) -> str:
        """Tell whether the model has anything of the kind to turn."""
        return "" if variants(case) else "the model as set has nothing of the kind to turn"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan each change on the labels as they are, on planted and on permuted labels."""
        grounds = _grounds(case).values()
        wanted = [
            t for ground in grounds for rung in variants(case) for t in _trials(case, rung, ground)
        ]
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the changes on all three kinds of labels."""
        found = {
            (rung.name, name): came_back
            for rung in (AS_SET, *variants(case))
            for name, ground in _grounds(case).items()
            if (came_back := pick(runs, _trials(case, rung, ground))) is not None
        }
        real, *_ = _grounds(case)
        tried = [r.name for r in variants(case) if (r.name, real) in found]
        if (AS_SET.name, real) not in found or not tried:
            return []
        scored = {key: case.scored(came_back) for key, came_back in found.items()}
        as_set = scored[AS_SET.name, real]
        gains = [case.gain(scored[name, real], as_set) for name in tried]
        p = holm(np.array([g.p for g in gains]))
        best = int(np.argmax([g.value for g in gains]))
        gain = gains[best]
        moved = p[best] <= case.alpha and gain.value >= case.effect / 2
        names = [AS_SET.name, *tried]
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{', '.join(tried)}: each trained on the labels as they are, on labels of other "
                    f"sessions, and on labels with a planted signal of {case.metric} "
                    f"{case.strong.dose:g}."
                ),
                control="The model as set on the same labels, paired over test dates.",
                metric=f"best gain in {case.metric} on the labels as they are",
                effect=gain.value,
                trivial=0.0,
                interval=gain.interval,
                p=float(p[best]),
                mde=detectable(gain.se),
                matters=case.effect,
                sessions=gain.units,
                trials=tuple(run.trial.id for came_back in found.values() for run in came_back),
                bears_on=(
                    Bearing(cause="no_signal", rule=Rule.ILLUSTRATES),
                    Bearing(cause="kl_dominates", rule=Rule.ILLUSTRATES),
                    Bearing(cause="over_regularized", rule=Rule.ILLUSTRATES),
                ),
                reading=_reading(case, scored, names, moved=moved, best=tried[best]),
                caveat="What a change does on the planted signal says whether it could have helped.",
                table=tuple(_row(case, name, found, scored) for name in names),
                plot=_plot(case, scored, names),
            )
        ]


def _grounds(case: Case) -> dict[str, tuple[TaskChange, ...]]:
    """Return the three kinds of labels, the user's own first."""
    return {
        "real labels": (),
        f"planted {case.strong.dose:g}": (case.strong,),
        "permuted": (case.permuted(0),),
    }


def _trials(case: Case, rung: Rung, ground: Sequence[TaskChange]) -> list[Trial]:
    return case.seeded(case.trial, *ground, *rung.changes)


def _reading(
    case: Case,
    scored: Mapping[tuple[str, str], Scored],
    names: Sequence[str],
    *,
    moved: bool,
    best: str,
) -> str:
    real, planted, _ = _grounds(case)

    def told(ground: str) -> str:
        values = {n: case.estimate(scored[n, ground]).value for n in names if (n, ground) in scored}
        return ", ".join(f"{n} {v:.3f}" for n, v in values.items())

    text = f"On the labels as they are: {told(real)}"
    text += f"; {best} helps" if moved else "; none helps"
    return f"{text}. On the planted signal: {told(planted)}." if told(planted) else f"{text}."


def _row(
    case: Case,
    name: str,
    found: Mapping[tuple[str, str], Sequence[Run]],
    scored: Mapping[tuple[str, str], Scored],
) -> dict[str, Value]:
    row: dict[str, Value] = {"model": name}
    for ground in _grounds(case):
        key = (name, ground)
        row[ground] = case.estimate(scored[key]).value if key in scored else None
    real, *_ = _grounds(case)
    final = found[name, real][0].final
    for measure in SHOWN[case.task.label.kind]:
        row[measure.replace("_", " ")] = final.get(measure)
    return row


def _plot(case: Case, scored: Mapping[tuple[str, str], Scored], names: Sequence[str]) -> Plot:
    shown = {
        (f"{name}, {ground}"): case.estimate(scored[name, ground])
        for ground in _grounds(case)
        for name in names
        if (name, ground) in scored
    }
    return Plot(
        kind="ladder",
        title="The usual changes, with their controls",
        x_label=f"{case.metric} on test sessions",
        series=(
            Series(
                name=case.metric,
                x=tuple(shown),
                y=tuple(e.value for e in shown.values()),
                low=tuple(e.low for e in shown.values()),
                high=tuple(e.high for e in shown.values()),
                style="points",
            ),
        ),
        marks=(Mark(axis="y", value=case.chance, label="chance"),),
    )
