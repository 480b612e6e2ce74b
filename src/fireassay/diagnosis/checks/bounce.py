"""Is the edge bid-ask bounce?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.data.targets import TARGETS, TargetSpec
from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Mark, Plot, Rule, Series
from fireassay.interventions.only_features import OnlyFeatures
from fireassay.interventions.other_label import OtherLabel
from fireassay.statistics.null import detectable
from fireassay.training.trial import Trial

BOUNCE_FEATURES = ("return_1", "close_location")
"""What prices that alternate between bid and ask show: the last return, and where in its range a bar
closed."""

CARRIED = 0.6
"""Part of the edge that those reach alone, from which bounce is a sufficient explanation."""


def bounce_features(case: Case) -> tuple[str, ...]:
    """Return what bounce needs: the two features, and the side from which the outcome is counted."""
    name = TargetSpec.parse(case.task.label.name).name
    side = TARGETS[name].side if name in TARGETS else ""
    return (*BOUNCE_FEATURES, side) if side else BOUNCE_FEATURES


@check
class Bounce(Check):
    """Score the same target with one more bar skipped, and with the features of bounce alone.

    Question: is what was found the price's alternation between bid and ask, which nobody can trade?

    Control: boosted trees on the target as asked, on the same test dates, paired. An edge in prices
    that survives a bar's delay isn't bounce; one that dies there, and that the last return and the
    close's location reach alone, is. Where the outcome is counted from one side (towards VWAP), that
    side is given beside them: the last return tells the next move, not which move counts.
    """

    id: ClassVar[str] = "bounce"
    question: ClassVar[str] = "Is the edge bid-ask bounce?"
    causes: ClassVar[tuple[str, ...]] = ("bid_ask_bounce",)
    cost: ClassVar[Cost] = Cost.CONTROL

    def applies(self, case: Case) -> str:
        """Tell whether the target can skip a bar and the features hold those of bounce."""
        if case.skipped is None:
            return "the target isn't a price move"
        missing = [f for f in bounce_features(case) if f not in case.task.panel.features]
        return f"the features don't include {' and '.join(missing)}" if missing else ""

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan boosted trees: on all features, on two, and on the skipped target."""
        return [t for t in self._trials(case) if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the edge with what is left of it a bar later."""
        found = pick(runs, self._trials(case))
        if found is None:
            return []
        whole, two, later = (case.scored([run]) for run in found)
        now, alone, then = (case.estimate(s) for s in (whole, two, later))
        test = case.against_null(whole)
        edge = now.value - case.chance
        loss = case.gain(whole, later)
        carried = (alone.value - case.chance) / edge if edge > 0 else 0.0
        lost = loss.value / edge if edge > 0 else 0.0
        few = " + ".join(bounce_features(case))
        numbers = {
            f"{case.metric} as asked": now.value,
            f"{case.metric} {few} alone": alone.value,
            f"{case.metric} one bar skipped": then.value,
            "part of the edge lost by skipping a bar": lost,
            f"part of the edge that {few} reach": carried,
        }
        reading = (
            f"{case.metric} {now.value:.3f} as asked, {alone.value:.3f} from {few} alone, "
            f"{then.value:.3f} when one bar is skipped."
        )
        if test.p > case.alpha or edge < case.effect / 2:
            bearing = Bearing(
                cause="bid_ask_bounce",
                rule=Rule.OBSERVED_AGAINST,
                note=f"There is no edge that could be bounce: {reading}",
            )
        elif carried < CARRIED:
            bearing = Bearing(
                cause="bid_ask_bounce",
                rule=Rule.OBSERVED_AGAINST,
                note=f"What bounce shows in doesn't explain the edge: {reading}",
            )
        else:
            bearing = Bearing(cause="bid_ask_bounce", rule=Rule.EFFECT, note=reading)
        names = ("as asked", "bounce features", "one bar skipped")
        parts = (now, alone, then)
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"Boosted trees on the target as asked, on {few} alone, and on the target with "
                    "one more bar skipped before the outcome."
                ),
                control="The same test dates and bars, paired.",
                metric=f"{case.metric} lost by skipping a bar",
                effect=loss.value,
                trivial=0.0,
                interval=loss.interval,
                null=test.to_finding(),
                p=loss.p,
                mde=detectable(loss.se),
                # Half of the whole edge has to go: presence begins at half of what matters.
                matters=max(edge, 0.0),
                sessions=loss.units,
                trials=tuple(r.trial.id for r in found),
                bears_on=(bearing,),
                reading=reading,
                caveat="Fast signals decay within a bar too: mid prices or quotes tell them apart.",
                numbers=numbers,
                plot=Plot(
                    kind="ladder",
                    title="What is left of the edge",
                    x_label=case.metric,
                    series=(
                        Series(
                            name=case.metric,
                            x=names,
                            y=tuple(e.value for e in parts),
                            low=tuple(e.low for e in parts),
                            high=tuple(e.high for e in parts),
                            style="points",
                        ),
                    ),
                    marks=(Mark(axis="y", value=case.chance, label="chance"),),
                ),
            )
        ]

    def _trials(self, case: Case) -> list[Trial]:
        """Return trees as asked, on two features, and on the skipped target."""
        trees = next(r for r in case.references if r.learner == "boosting")
        assert case.skipped is not None
        two = OnlyFeatures(names=bounce_features(case))
        return [trees, trees.with_(two), trees.with_(OtherLabel(name=case.skipped))]
