"""Is any single feature associated with the label?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fireassay.arrays import Bool
from fireassay.diagnosis.case import BLOCK, Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Plot, Rule, Series
from fireassay.seeds import derive
from fireassay.statistics.association import Association, Measure, associate
from fireassay.statistics.exchange import Permutations, permute_dates

SHOWN = 15
LISTED = 10
"""Features of the figure, and of the table."""

SHORT = {
    Measure.PEARSON: "Pearson",
    Measure.RANK: "rank",
    Measure.MUTUAL_INFORMATION: "information, nats",
}
DRAWS = 99


@check
class FeatureAssociation(Check):
    """Measure every feature against the label: Pearson, rank correlation, mutual information.

    Question: does any feature on its own go with the label?

    Null: labels of whole dates exchanged; p adjusted over all features by step-down max-T. That no
    feature stands out doesn't mean that nothing can be learned: interactions, even functions and
    many weak features don't show here. Sessions before the test only.

    References: Westfall and Young (1993), Resampling-Based Multiple Testing; Kraskov, Stögbauer and
    Grassberger (2004), Estimating mutual information, Physical Review E 69:066138
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
        permutations = permute_dates(
            panel.offsets,
            case.units.clusters,
            DRAWS,
            seed=derive("association", task.fingerprint),
            block=BLOCK,
            symbols=case.units.places,
            eligible=part,
            unit=case.units.name,
        )
        found = associate(panel.values, y, permutations)
        names = panel.features
        best = {m: a for m, a in found.items() if np.isfinite(a.p_adjusted).any()}
        if not best:
            return []
        # The smallest p over the measures, corrected for their number.
        each = np.stack([np.nan_to_num(a.p_adjusted, nan=1.0) for a in best.values()])
        p = np.minimum(each.min(axis=0) * len(best), 1.0)
        strongest = list(best.values())[int(each.min(axis=1).argmin())]
        order = sorted(strongest.order, key=lambda i: p[i])
        top, count = order[0], int((p <= case.alpha).sum())
        later = _skipped(case, rows, permutations)
        table = [
            {"feature": names[i], **{SHORT[m]: float(a.value[i]) for m, a in best.items()}}
            | ({} if later is None else {"Pearson, a bar skipped": float(later.value[i])})
            | {"adjusted p": float(p[i])}
            for i in order[:LISTED]
        ]
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
                p=float(p[top]),
                sessions=permutations.units,
                bears_on=(Bearing(cause="no_signal", rule=Rule.ILLUSTRATES),),
                reading=_reading(case, count, [names[i] for i in order], found, later, permutations),
                caveat=(
                    "Blind to interactions, to even functions and to many weak features; seen on "
                    "sessions before the test."
                ),
                table=tuple(table),
                plot=_plot(found[Measure.RANK], names) if Measure.RANK in found else None,
            )
        ]


def _skipped(case: Case, rows: Bool, permutations: Permutations) -> Association | None:
    """Return Pearson correlations with the label of one more bar skipped, if there is one."""
    if case.skipped is None:
        return None
    other, usable = case.task.others[0], case.task.usable | ~case.task.label.labelled
    y = np.where(rows & usable, other.y, np.nan).astype(np.float64)
    return associate(case.task.panel.values, y, permutations, measures=[Measure.PEARSON])[
        Measure.PEARSON
    ]


def _reading(
    case: Case,
    count: int,
    names: list[str],
    found: Mapping[Measure, Association],
    later: Association | None,
    permutations: Permutations,
) -> str:
    said = f"{count} of {len(names)} features go with the label beyond their null"
    least = len(found) / (permutations.draws + 1)
    if least > case.alpha:
        return (
            f"Nothing could be found: {permutations.units} dates can be exchanged in so few ways "
            f"that no p falls below {least:.2g}."
        )
    if not count:
        return f"{said}."
    said += f", {' and '.join(names[: min(count, 2)])} most."
    if later is None:
        return said
    now, then = (int((a.p_adjusted <= case.alpha).sum()) for a in (found[Measure.PEARSON], later))
    if now and then < now:
        said += (
            f" By Pearson correlation {now}, and {then} with one more bar skipped before the "
            "outcome: what is lost hangs on the last price, as bid-ask bounce does."
        )
    elif now:
        said += f" By Pearson correlation {now}, and {then} with one more bar skipped."
    return said


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
