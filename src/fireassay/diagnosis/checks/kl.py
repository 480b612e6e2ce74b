"""Do the prior and the KL term keep the model from learning?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.choices import PriorKind
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ladder import LadderCheck
from fireassay.diagnosis.rung import Rung
from fireassay.interventions import Intervention
from fireassay.interventions.kl_off import KlOff
from fireassay.interventions.scale_setting import ScaleSetting
from fireassay.interventions.set_prior import SetPrior
from fireassay.interventions.set_setting import SetSetting
from fireassay.training.settings import NetSettings


@check
class Kl(LadderCheck):
    """Learn a planted signal with the prior and KL weight as set, and with less of them.

    Question: is a signal that is known to be there learned under this prior and KL weight, and if it
    isn't, does taking KL away restore it?

    Control: the same labels under the model as set. The ratio of KL to NLL proves nothing: a KL of
    70 times the NLL did no harm at one KL weight and destroyed learning at another.
    """

    id: ClassVar[str] = "kl"
    question: ClassVar[str] = "Do the prior and the KL term keep the model from learning?"
    causes: ClassVar[tuple[str, ...]] = ("kl_dominates",)
    cause: ClassVar[str] = "kl_dominates"
    turns: ClassVar[str] = "the prior and KL weight"

    def rungs(self, case: Case) -> list[Rung]:
        """Return a prior of unit scale, the exact KL weight (or a tenth of it), and no KL at all."""
        settings = case.trial.settings
        if not isinstance(settings, NetSettings) or not settings.random or not settings.kl_weight:
            return []
        milder = Rung("KL weight ÷ 10", (ScaleSetting(setting="kl_weight", factor=0.1),))
        if settings.kl_weight > 1:
            milder = Rung("KL weight 1 (exact)", (SetSetting(setting="kl_weight", value=1.0),))
        rungs = [milder, Rung("KL off", (KlOff(),))]
        if (settings.prior, settings.prior_sigma) != (PriorKind.FAN_IN, 1.0):
            rungs.insert(0, Rung("prior 1/√fan_in", (SetPrior(),)))
        return rungs

    def cure(self, case: Case) -> tuple[Intervention, ...]:
        """Return exact Bayes under a prior of unit scale; no KL where the model is set so."""
        settings = case.trial.settings
        if not self.turnable(case):
            return ()
        assert isinstance(settings, NetSettings)
        exact = (SetPrior(), SetSetting(setting="kl_weight", value=1.0))
        off = (settings.prior, settings.prior_sigma) == (PriorKind.FAN_IN, 1.0)
        return (KlOff(),) if off and settings.kl_weight <= 1 else exact
