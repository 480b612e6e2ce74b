"""What is the label: how balanced, how tied, how clustered?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fireassay.arrays import Float
from fireassay.data.task import Label
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Plot, Rule, Series, Value
from fireassay.statistics.clustering import Clustering, label_clustering

RARE = 0.005
"""Share of the rarest class below which nothing but that class's absence can be learned."""

FEW = 100
"""Labels of the rarest class among the test labels below which a score says nothing."""

SCARCE = 0.05
"""Share of the rarest class below which few test labels are the label's fault, not the data's."""

SHOWN = 6
"""Classes whose shares are told."""

LAGS = 30


@check
class LabelAudit(Check):
    """Count the label's classes, nulls and ties, and measure how it clusters.

    Question: is this a label that anything can be learned from, and how many independent labels is
    it worth?

    Null: neighbouring outcomes of h bars overlap, so they repeat each other; what overlap alone
    brings is simulated, and the runs and autocorrelation beyond it are the market's. Entropy and
    balance are shown because people look at them; they say nothing about whether a label can be
    predicted.
    """

    id: ClassVar[str] = "label"
    question: ClassVar[str] = "What is the label: how balanced, how tied, how clustered?"
    causes: ClassVar[tuple[str, ...]] = ("degenerate_target",)
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Audit the label and its clustering."""
        label, panel, task = case.task.label, case.task.panel, case.task
        y = np.where(task.usable, label.y, np.nan).astype(np.float64)
        found = label_clustering(
            y, panel.offsets, panel.clusters, horizon=label.horizon, lags=LAGS, seed=0
        )
        numbers: dict[str, Value] = {
            "labels": found.labels,
            "labelled share of bars": found.labels / panel.rows,
            "ties": label.ties,
            "horizon": label.horizon,
            "training labels N": task.labels,
            "effective labels": found.effective,
            "sessions": panel.sessions,
            "sessions to learn from": len(task.split.train),
            "sessions held out": len(task.split.test),
            "embargo (dates)": task.split.embargo,
        }
        rarest, fewest = 0.5, 10**9
        if label.kind != "real":
            count = np.bincount(label.y[task.usable].astype(int), minlength=len(label.classes))
            on_test = np.bincount(label.y[task.test_rows].astype(int), minlength=len(label.classes))
            names = label.classes or tuple(str(c) for c in range(len(count)))
            numbers |= {
                f"share {n}": float(c / count.sum()) for n, c in zip(names, count, strict=True)
            }
            numbers["entropy (nats)"] = found.entropy
            rarest, fewest = float(count.min() / count.sum()), int(on_test.min())
        beyond = found.p_overlap <= case.alpha
        reading = (
            f"{found.labels:,} labels on {found.labels / panel.rows:.1%} of the bars"
            f"{_values(label, numbers, y)}. In {panel.sessions:,} sessions they are worth about "
            f"{found.effective:,.0f} independent ones; "
            + ("they cluster beyond" if beyond else "they cluster no more than")
            + f" what overlapping outcomes bring. {label.note}"
        ).rstrip()
        rule, why = Rule.OBSERVED_AGAINST, "The label has enough of every value, on enough bars."
        if fewest < FEW:
            why = f"Test sessions have {fewest} labels of the rarest class: scores there say little."
            rule = Rule.ILLUSTRATES
        if rarest < RARE or (fewest < FEW and rarest < SCARCE):
            rule = Rule.OBSERVED_FOR
            why = (
                f"The rarest class is {rarest:.2%} of the labels, {fewest} of them on test sessions."
            )
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="Counts, a runs test and autocorrelation inside sessions.",
                control=f"{found.labels:,} independent outcomes with the same overlap, simulated.",
                metric="runs",
                effect=float(found.runs.runs),
                trivial=found.overlap_runs,
                p=found.p_overlap,
                sessions=panel.sessions,
                bears_on=(Bearing(cause="degenerate_target", rule=rule, note=why),),
                reading=reading,
                caveat="Balance and clustering don't say whether it can be predicted.",
                numbers=numbers,
                plot=_plot(found),
            )
        ]


def _values(label: Label, numbers: Mapping[str, Value], y: Float) -> str:
    """Say how the label's values are distributed, and what became of ties."""
    if label.kind == "real":
        said = f" (mean {np.nanmean(y):.3g}, SD {np.nanstd(y):.3g})"
    else:
        shares = {k.removeprefix("share "): v for k, v in numbers.items() if k.startswith("share ")}
        shown = [f"{name}: {share:.1%}" for name, share in list(shares.items())[:SHOWN]]
        more = [f"{len(shares) - SHOWN} more"] if len(shares) > SHOWN else []
        said = f" ({', '.join(shown + more)})"
    if not label.ties:
        return said
    return f"{said}; {label.ties:.1%} of the outcomes are ties" + (
        ", left out" if label.kind == "binary" else ""
    )


def _plot(found: Clustering) -> Plot:
    lags = tuple(range(1, len(found.autocorrelation) + 1))
    return Plot(
        kind="clustering",
        title="Autocorrelation of the label inside sessions",
        x_label="lag (bars)",
        y_label="autocorrelation",
        series=(
            Series(name="label", x=lags, y=tuple(found.autocorrelation.tolist()), style="bars"),
            Series(
                name="overlap alone",
                x=lags,
                y=tuple(found.overlap_mean.tolist()),
                low=tuple(found.overlap_low.tolist()),
                high=tuple(found.overlap_high.tolist()),
                style="band",
            ),
        ),
    )
