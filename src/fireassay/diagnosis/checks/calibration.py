"""Do the model's probabilities come true as often as it says?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from fireassay.diagnosis.calibrated import calibration
from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Evidence
from fireassay.trained import Calibration
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Trial


@check
class Calibrated(Check):
    """Compare the probabilities that the model as set gives with how often they come true.

    Question: may the model's probabilities be taken at their word on later sessions, and would one
    number, the temperature, mend them? A model can rank bars well and be far too sure of each; one
    that learns nothing but the class shares is calibrated and worthless. So it bears on no cause.

    Control: the calibration error that a perfectly calibrated model would show on the same dates, the
    signs of whole dates' residuals flipped. The temperature is fitted on validation sessions.

    References: Guo et al. (2017), On calibration of modern neural networks, arXiv:1706.04599
    """

    id: ClassVar[str] = "calibration"
    question: ClassVar[str] = "Do the model's probabilities come true as often as it says?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.CONTROL

    def applies(self, case: Case) -> str:
        """Tell whether it says probabilities."""
        return "the target is a real number" if case.task.label.kind == "real" else ""

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the model as set, which every comparison wants."""
        return [t for t in case.seeded(case.trial) if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> Sequence[Evidence]:
        """Judge the mean prediction of the model as set."""
        came_back = pick(runs, case.seeded(case.trial))
        found = calibration(case.tasks.of(case.trial), came_back) if came_back else None
        if came_back is None or found is None or found.ece is None:
            return []
        settings = case.trial.settings
        few = ""
        if isinstance(settings, NetSettings) and settings.posterior.value != "deterministic":
            few = f" In a diagnosis {settings.draws} posterior draws are averaged, fewer than in use."
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="The model as set, its test predictions in ten bins of equal mass.",
                control="What a calibrated model would show: signs of dates' residuals flipped.",
                metric="ECE",
                effect=found.ece,
                trivial=found.ece_calibrated,
                p=found.p,
                sessions=found.dates,
                trials=tuple(run.trial.id for run in came_back),
                reading=_reading(found, case.alpha),
                caveat=(
                    "Calibration isn't skill: saying the class shares at every bar is calibrated."
                    + few
                ),
                numbers=_numbers(found),
                plot=found.plot(),
            )
        ]


def _reading(found: Calibration, alpha: float) -> str:
    told = (
        f"ECE {found.ece:.3f} on test sessions, where a calibrated model would show "
        f"{found.ece_calibrated:.3f}"
    )
    calibrated = (found.p or 0) > alpha
    told += "; it can't be told from calibrated" if calibrated else "; it isn't calibrated"
    rescaled = found.rescaled
    if calibrated or rescaled is None or rescaled.nll_after is None or rescaled.nll_before is None:
        return f"{told}."
    if rescaled.value is None:
        return f"{told}, and no temperature makes its probabilities better than even ones."
    sure = "too sure" if rescaled.value > 1 else "not sure enough"
    return (
        f"{told}: by the validation sessions it is {sure} (temperature {rescaled.value:.2f}), which "
        f"mended would take the test NLL from {rescaled.nll_before:.4f} to {rescaled.nll_after:.4f}."
    )


def _numbers(found: Calibration) -> dict[str, float | None]:
    numbers = {
        "Brier score": found.brier,
        "reliability": found.reliability,
        "resolution": found.resolution,
        "uncertainty": found.uncertainty,
    }
    if found.rescaled is not None:
        numbers["temperature"] = found.rescaled.value
        numbers["test NLL"] = found.rescaled.nll_before
        numbers["test NLL at the temperature"] = found.rescaled.nll_after
    for kept in found.conformal:
        numbers[f"held by conformal sets of {kept.promised:.0%}"] = kept.covered
    return numbers
