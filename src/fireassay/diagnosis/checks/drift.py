"""Does what is learned early hold late?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, EvidenceStatus, Null, Plot, Rule, Series, Value
from fireassay.seeds import derive
from fireassay.statistics.scores import auc
from fireassay.statistics.stability import Stability, relation_stability

MOST_ROWS = 60_000
"""Labels beyond which bars are thinned, evenly, in every session."""

LEVEL = 0.01
"""p from which a change is claimed: a sound patient shouldn't hear of one more often than that."""


@check
class Drift(Check):
    """Fit early and test late, and the reverse, against fits within each period.

    Question: is the relation between features and label the same over all the dates, the test's
    among them?

    Null: dates permuted over the two periods, everything fitted again; six places to cut the sample,
    the largest difference corrected by max-T. The difference is the IC that a period's own
    cross-validated fit has ahead of the other period's fit, mean of both periods. The coefficients
    have to differ too (Wald test with the variance of the dates' scores), since a fit from a quieter
    period is a poorer one by itself. A change is claimed at p ≤ .01; between that and the level of
    the diagnosis it is left open.

    Distributions of features drift in almost every market, and that is no fault by itself: it is
    shown beside (how well a linear rule tells training from test dates), and doesn't count. What
    misleads the test: it is linear in values and absolute values, so where the true relation is
    curved and the features move to another part of the curve, it sees a change. Relations between
    whole sessions' levels aren't seen. At most 60,000 labels; the 12 strongest features.
    """

    id: ClassVar[str] = "drift"
    question: ClassVar[str] = "Does what is learned early hold late?"
    causes: ClassVar[tuple[str, ...]] = ("drift",)
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare fits within periods with fits across them."""
        task, panel = case.task, case.task.panel
        rows = np.flatnonzero(task.usable)
        rows = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
        x = task.inputs(rows)
        y = task.label.y[rows].astype(np.float64)
        session = panel.session_of_row[rows]
        offsets = np.searchsorted(session, np.arange(panel.sessions + 1))
        found = relation_stability(
            x,
            y,
            offsets,
            panel.clusters,
            draws=case.draws,
            seed=derive("drift", task.fingerprint),
        )
        if found is None:
            why = "Dates are too few, or nothing varies within sessions."
            return [self.without(EvidenceStatus.NOT_APPLICABLE, why)]
        best, chance = found.best, found.chance
        effect, p = float(found.value[best]), float(found.p[best])
        early, back, late, ahead = found.scores[best]
        large = effect - chance >= self._matters(case, y) / 2
        changed, hinted = large and p <= LEVEL, large and LEVEL < p <= case.alpha
        reading = (
            f"Learned on the first {found.cuts[best]:.0%} of the dates, the relation scores IC "
            f"{early:.3f} there and {ahead:.3f} later; learned later, {late:.3f} there and "
            f"{back:.3f} before: {'it changed' if changed else 'no change is seen'}"
            f"{f' at p = {LEVEL:g} (p = {p:.3f})' if hinted else ''}."
        )
        rule = Rule.ILLUSTRATES if hinted else Rule.EFFECT
        null = found.null[:, best]
        q05, q95 = np.quantile(null, [0.05, 0.95])
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"A ridge learner of {len(found.features)} features on either side of "
                    f"{len(found.cuts)} cuts, scored on both."
                ),
                control=(
                    f"Dates permuted over the periods, {len(found.null)} times, fitted again; max-T "
                    "over the cuts. A Wald test of the coefficients beside it; the larger p counts."
                ),
                metric="IC of own fits less that of the other period's",
                effect=effect,
                trivial=chance,
                null=Null(
                    kind="dates permuted over the periods",
                    draws=len(null),
                    mean=chance,
                    sd=float(null.std(ddof=1)),
                    q05=float(q05),
                    q95=float(q95),
                ),
                p=p,
                mde=found.mde(LEVEL),
                matters=self._matters(case, y),
                sessions=found.units,
                bears_on=(Bearing(cause="drift", rule=rule, note=reading),),
                reading=reading,
                caveat=(
                    "Linear in values and absolute values, within sessions. Features' own "
                    "distributions may drift beside it; that is no fault."
                ),
                numbers={
                    "cut at share of dates": float(found.cuts[best]),
                    "IC early, learned early": float(early),
                    "IC late, learned early": float(ahead),
                    "IC late, learned late": float(late),
                    "IC early, learned late": float(back),
                    **_marginal(task, x, rows),
                },
                plot=_plot(found),
            )
        ]

    def _matters(self, case: Case, y: Float) -> float:
        """Return the effect that matters as an IC: AUC − ½ ≈ IC / (2 √π √(pq)) for two classes."""
        if case.task.label.kind != "binary":
            return case.effect
        prevalence = float(np.mean(y))
        return case.effect * 2 * float(np.sqrt(np.pi * prevalence * (1 - prevalence)))


def _marginal(task: Task, x: Float, rows: Int) -> dict[str, Value]:
    """Tell how far apart training and test dates' features are, whatever the label."""
    panel = task.panel
    session = panel.session_of_row[rows]
    late = np.isin(session, task.split.test)
    used = late | np.isin(session, task.split.fitted)
    fit, held = (used & (panel.clusters[session] % 2 == k) for k in (0, 1))
    if not all(0 < late[part].sum() < part.sum() for part in (fit, held)):
        return {}
    part = x[fit].astype(np.float64)
    mean = part.mean(0)
    gram = (part - mean).T @ (part - mean) / len(part) + 0.1 * np.eye(x.shape[1])
    shift = x[late].mean(0) - x[used & ~late].mean(0)
    w = np.linalg.solve(gram, (part - mean).T @ (late[fit] - late[fit].mean()) / len(part))
    top = int(np.argmax(np.abs(shift)))
    return {
        "AUC of telling test dates from training dates": auc(x[held] @ w, late[held].astype(float)),
        f"shift of {panel.features[top]} (training SDs)": float(shift[top]),
    }


def _plot(found: Stability) -> Plot:
    cuts = tuple(found.cuts.tolist())
    return Plot(
        kind="decay",
        title="What a period's own fit is ahead of the other period's, by where the dates are cut",
        x_label="share of dates before the cut",
        y_label="IC",
        series=(
            Series(name="own less other", x=cuts, y=tuple(found.value.tolist())),
            Series(
                name="null, 95 %",
                x=cuts,
                y=tuple(found.null.mean(0).tolist()),
                low=tuple(np.quantile(found.null, 0.025, axis=0).tolist()),
                high=tuple(np.quantile(found.null, 0.975, axis=0).tolist()),
                style="band",
            ),
        ),
    )
