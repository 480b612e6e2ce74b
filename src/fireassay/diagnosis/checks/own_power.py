"""How large does an effect have to be for the model as set to find it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from fireassay.arrays import Float
from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.checks.power import MADE_FOR, planted_curves
from fireassay.diagnosis.ground import ground
from fireassay.findings import Bearing, Evidence, Interval, Mark, Plot, Rule, Series
from fireassay.interventions.plant_signal import Form, PlantSignal
from fireassay.statistics.power import PowerCurve, power_curve
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Trial

SIZES = (1.0, 2.0)
"""Planted effects, in units of the effect that matters; the strong signal is the third size."""

DRAWS = 2
"""Signals of each size."""

FEWEST = 3
"""Trained signals from which a size is read off."""


@check
class OwnPower(Check):
    """Train the model as set on planted signals of the size that matters, and of twice that size.

    Question: how much of the data's power does the model use? A cheap learner finds linear relations
    from some size on; from what size on does the user's model?

    Control: each run's held-out score against exchanged label sessions; the cheap learner's curve on
    signals planted in the same way. Few runs tell a size roughly: the interval says how roughly.

    Only where the model learns the strong planted signal, and from the time that is left.
    """

    id: ClassVar[str] = "own-power"
    question: ClassVar[str] = "How large does an effect have to be for your model to find it?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.LEFT

    def applies(self, case: Case) -> str:
        """Leave it out for learners that train nothing."""
        return "" if isinstance(case.trial.settings, NetSettings) else "nothing is trained"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the signals that haven't come back, unless a strong one isn't learned."""
        at = ground(case, runs, "planted")
        if at is None or at.suspect(case):
            return []
        return [t for _, t in _trials(case)[1:] if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Count what was found, and read off the size that is found in 80 % of cases."""
        came = [(size, found[0]) for size, t in _trials(case) if (found := pick(runs, [t]))]
        if len(came) < FEWEST:
            return []
        scored = [case.scored([run]) for _, run in came]
        tests = [case.against_null(s) for s in scored]
        sizes = np.array([size for size, _ in came])
        hit = np.array([t.p <= case.alpha for t in tests])
        curve = power_curve(sizes, np.ones(len(sizes)), hit.astype(float), alpha=case.alpha)
        cheap = next(
            e
            for e in planted_curves(case)
            if e.form is Form.LINEAR and e.learner == MADE_FOR[Form.LINEAR]
        )
        each = np.unique(sizes)
        share = [float(hit[sizes == s].mean()) for s in each]
        reached = np.array([t.observed for t in tests]) - case.chance
        reading = _reading(case, curve, cheap.curve, cheap.learner, each, len(sizes))
        numbers = {
            f"{case.metric} your model, planted {case.chance + s:.3f}": case.chance
            + float(reached[sizes == s].mean())
            for s in each
        }
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"The model as set trained on {len(sizes)} planted linear signals of "
                    f"{len(each)} sizes."
                ),
                control=f"{tests[0].kind}, {len(tests[0].values)} times; {cheap.learner} beside it.",
                metric=f"{case.metric} found by your model in 80 % of cases",
                effect=case.chance + float(np.clip(curve.dose80, each[0], each[-1])),
                trivial=case.chance,
                interval=Interval(
                    low=case.chance + curve.low,
                    high=case.chance + min(curve.high, float(each[-1])),
                    level=curve.level,
                ),
                mde=curve.dose80,
                matters=case.effect,
                sessions=tests[0].units,
                trials=tuple(run.trial.id for _, run in came),
                bears_on=(Bearing(cause="underpowered", rule=Rule.ILLUSTRATES),),
                reading=reading,
                caveat=_caveat(case),
                numbers=dict(numbers),
                plot=_plot(case, each, share, curve, cheap.curve, cheap.learner),
            )
        ]


def _trials(case: Case) -> list[tuple[float, Trial]]:
    """Return planted excess and trial, the strong signal first: it is trained in any case."""
    wanted = [(case.strong.dose - case.chance, case.trial.with_(case.strong))]
    for size in SIZES:
        excess = min(size * case.effect, case.strong.dose - case.chance)
        for draw in range(DRAWS):
            # The first draws are those that the reference learners have too.
            plant = PlantSignal(dose=case.chance + excess, form=Form.LINEAR, draw=1 + draw)
            wanted.append((excess, case.trial.with_(plant)))
    return wanted


def _caveat(case: Case) -> str:
    few = "A handful of runs tell a size within a factor of two or so."
    return f"{few} At the length that the budget allowed." if case.full is not None else few


def _reading(
    case: Case, own: PowerCurve, cheap: PowerCurve, name: str, sizes: Float, runs: int
) -> str:
    """Say from which size on the model finds a linear relation, and what of it is missing.

    A size beyond those that were tried is told as that: the curve is no measurement there.
    """
    least, most = case.chance + float(sizes[0]), case.chance + float(sizes[-1])

    def said(size: float) -> str:
        at = case.chance + size
        if at < least:
            return f"less than {least:.3f}"
        return f"{at:.3f}" if at <= most else f"more than {most:.3f}"

    told = (
        f"Your model finds a linear relation of {case.metric} {said(own.dose80)} in 80 % of cases "
        f"(95 % interval {said(own.low)} to {said(own.high)}, from {runs} runs); {name} one of "
        f"{case.chance + cheap.dose80:.3f}."
    )
    if own.low > cheap.high:
        times = own.low / cheap.high
        return f"{told} It needs effects at least {times:.1f} times as large."
    if own.high < cheap.low:
        return f"{told} It finds smaller ones than {name} does."
    return f"{told} No difference can be told."


def _plot(
    case: Case,
    sizes: np.ndarray,
    share: Sequence[float],
    own: PowerCurve,
    cheap: PowerCurve,
    name: str,
) -> Plot:
    smooth = np.linspace(0.0, float(sizes[-1]), 41)
    x = tuple((case.chance + smooth).tolist())
    return Plot(
        kind="power",
        title="Planted linear signals that your model finds",
        x_label=f"{case.metric} of the planted signal",
        y_label="share found",
        series=(
            Series(
                name="your model",
                x=tuple((case.chance + sizes).tolist()),
                y=tuple(share),
                style="points",
            ),
            Series(name="your model, fitted", x=x, y=tuple(own(smooth).tolist())),
            Series(name=name, x=x, y=tuple(cheap(smooth).tolist()), style="dashed"),
        ),
        marks=(
            Mark(axis="y", value=0.8, label="80 %"),
            Mark(axis="x", value=case.chance + case.effect, label="what matters"),
        ),
    )
