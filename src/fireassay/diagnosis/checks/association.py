"""Is any single feature associated with the label?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Plot, Rule, Series
from fireassay.seeds import derive
from fireassay.statistics.association import Association, Measure, associate
from fireassay.statistics.exchange import permute_dates

SHOWN = 15
DRAWS = 199


@check
class FeatureAssociation(Check):
    """Measure every feature against the label: Pearson, rank correlation, mutual information.

    Question: does any feature on its own go with the label?

    Null: labels of whole dates exchanged; p adjusted over all features by step-down max-T. That no
    feature stands out doesn't mean that nothing can be learned: interactions, even functions and
    many weak features don't show here. Sessions before the test only.
    """

    id: ClassVar[str] = "association"
    question: ClassVar[str] = "Is any single feature associated with the label?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Test all features at once."""
        task, panel = case.task, case.task.panel
        part = np.zeros(panel.sessions, dtype=bool)
        part[task.split.fitted] = True
        rows = part[panel.session_of_row]
        y = np.where(rows & task.usable, task.label.y, np.nan).astype(np.float64)
        _, symbols = np.unique(np.array(panel.symbols), return_inverse=True)
        permutations = permute_dates(
            panel.offsets,
            panel.clusters,
            DRAWS,
            seed=derive("association", task.fingerprint),
            symbols=symbols,
            eligible=part,
        )
        found = associate(panel.values, y, permutations)
        names = panel.features
        best = {m: a for m, a in found.items() if np.isfinite(a.p_adjusted).any()}
        if not best:
            return []
        strongest = min(best.values(), key=lambda a: float(np.nanmin(a.p_adjusted)))
        top = int(np.nanargmin(strongest.p_adjusted))
        significant = {
            m: [names[i] for i in a.order if a.p_adjusted[i] <= case.alpha] for m, a in best.items()
        }
        count = len(set().union(*significant.values()))
        p = min(1.0, float(strongest.p_adjusted[top]) * len(best))
        reading = f"{count} of {len(names)} features go with the label beyond their null" + (
            f", {names[top]} most." if count else "."
        )
        numbers = {f"{m} {names[i]}": float(a.value[i]) for m, a in best.items() for i in a.order[:5]}
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=f"{len(names)} features by {', '.join(str(m) for m in best)}.",
                control=f"{permutations.kind}, {permutations.draws} times; max-T over features.",
                metric=f"{strongest.measure} of {names[top]}",
                effect=float(strongest.value[top]),
                trivial=0.0,
                p=p,
                sessions=permutations.units,
                bears_on=(Bearing(cause="no_signal", rule=Rule.ILLUSTRATES),),
                reading=reading,
                caveat=(
                    "Blind to interactions, to even functions and to many weak features; seen on "
                    "sessions before the test."
                ),
                numbers=numbers,
                plot=_plot(found[Measure.RANK], names) if Measure.RANK in found else None,
            )
        ]


def _plot(found: Association, names: tuple[str, ...]) -> Plot:
    order = found.order[:SHOWN]
    rows = tuple(names[i] for i in order)
    centre, spread = found.null_mean[order], found.null_sd[order]
    return Plot(
        kind="association",
        title=f"{found.measure}: features against the label",
        x_label=str(found.measure),
        series=(
            Series(
                name=str(found.measure),
                x=rows,
                y=tuple(found.value[order].tolist()),
                style="points",
            ),
            Series(
                name="null, 95 %",
                x=rows,
                y=tuple(centre.tolist()),
                low=tuple((centre - 1.96 * spread).tolist()),
                high=tuple((centre + 1.96 * spread).tolist()),
                style="band",
            ),
        ),
    )
