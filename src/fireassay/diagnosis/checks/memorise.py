"""Can the model memorise a handful of labels?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.checks.learning_rate import USUAL
from fireassay.diagnosis.checks.together import Together, restoring, together_restores
from fireassay.diagnosis.faults import faults
from fireassay.diagnosis.ground import shortfall
from fireassay.diagnosis.ladder import ladder_checks
from fireassay.diagnosis.rung import Rung
from fireassay.findings import Bearing, Evidence, Plot, Rule, Series
from fireassay.interventions import Intervention
from fireassay.interventions.kl_off import KlOff
from fireassay.interventions.memorise import Memorise
from fireassay.interventions.set_setting import SetSetting
from fireassay.interventions.unregularized import Unregularized
from fireassay.statistics import scores
from fireassay.training.module_settings import ModuleSettings
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run, Trial

FEW = Memorise(rows=32, sessions=2)

STEPS, STEPS_OF_OURS = 300, 150
"""Training steps about that a memorising run gets: a step of somebody's own module sees 32 windows,
one of our network whole sessions."""

MEMORISED = 0.7
"""Part of the labels' entropy (of a real label's variance) that has to be gone. Sound networks remove
.99; a sigmoid or softmax before a loss that takes one itself bounds it by .55 or less."""

MEASURED = 300
"""Bars that the per-epoch measures look at: nothing is decided by them."""

CONTROL = NetSettings(
    width=32, layers=1, heads=2, look_back=16, epochs=STEPS_OF_OURS, patience=0, trace_rows=MEASURED
)
"""A small network that memorises 32 labels wherever their features tell them apart."""


@check
class MemoriseFew(Check):
    """Learn 32 labels by heart, without regularization and KL, at three learning rates.

    Question: is the code or the optimisation at fault? A sound network fits 32 labels exactly, be
    they noise, as long as their features differ.

    Control: a small network of ours memorises the same 32 labels. A cause is named only where the
    model fails at the rate as set, at the usual one and at a tenth of it, and the gradients per layer
    show where they stop; a rate at which it succeeds means that the rate is at fault, not gradients.

    What misleads it: a network that is too small for 32 labels fails with sound gradients; that is
    told and not blamed.
    """

    id: ClassVar[str] = "memorise"
    question: ClassVar[str] = "Can the model memorise 32 labels?"
    causes: ClassVar[tuple[str, ...]] = ("gradient_broken",)
    bounded_by: ClassVar[tuple[str, ...]] = ("planted", "real")
    cost: ClassVar[Cost] = Cost.DEEP

    def applies(self, case: Case) -> str:
        """Tell whether the model is trained by gradients."""
        trained = isinstance(case.trial.settings, (NetSettings, ModuleSettings))
        return "" if trained else "the model isn't trained by gradients"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the rates and the control; of our own network only where nothing else explains."""
        at = _attempts(case)
        if not isinstance(case.trial.settings, ModuleSettings):
            if _explained(case, runs) or Together().plan(case, runs):
                return []
            wanted = [*at.values(), _control(case)]
        else:
            first = next(iter(at.values()))
            wanted = [first]
            if first.id in runs and _fit(case, runs[first.id]) < MEMORISED:
                wanted += [*at.values(), _control(case)]
        return [t for t in {t.id: t for t in wanted}.values() if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Tell whether the labels were memorised at any rate, and if not, where gradients stop."""
        found = {name: runs[t.id] for name, t in _attempts(case).items() if t.id in runs}
        control = runs.get(_control(case).id)
        if not found:
            return self._spared(case, runs)
        fits = {name: _fit(case, run) for name, run in found.items()}
        able = None if control is None else _fit(case, control)
        best = max(fits, key=lambda n: fits[n])
        as_set = next(iter(found))
        rule, reading = self._read(case, found, fits, able)
        shown = dict(fits)
        if able is not None:
            shown["a small network of ours"] = able
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    "The model learns 32 labels of the training sessions, without regularization and "
                    f"KL, in {_steps(case)} steps about, at {' and '.join(found)}."
                ),
                control=(
                    "Not needed: labels that are memorised can be."
                    if able is None
                    else f"A small network of ours removes {able:.0%} of the same labels' entropy."
                ),
                metric="part of the labels' entropy that is removed",
                effect=fits[best],
                trivial=0.0,
                matters=MEMORISED,
                trials=tuple(r.trial.id for r in (*found.values(), control) if r is not None),
                bears_on=(Bearing(cause="gradient_broken", rule=rule, note=reading),),
                reading=reading,
                caveat="A network that is too small for 32 labels can't memorise them either.",
                numbers={f"removed at {n}": v for n, v in shown.items()},
                table=_table(found[as_set]),
                plot=Plot(
                    kind="ladder",
                    title="How much of 32 labels is memorised",
                    x_label="part of their entropy that is removed",
                    series=(
                        Series(
                            name="removed", x=tuple(shown), y=tuple(shown.values()), style="points"
                        ),
                    ),
                ),
            )
        ]

    def _read(
        self, case: Case, found: dict[str, Run], fits: dict[str, float], able: float | None
    ) -> tuple[Rule, str]:
        """Return what it says of the cause, and the sentence that tells it."""
        as_set, best = next(iter(found)), max(fits, key=lambda n: fits[n])
        told = faults(found[as_set], _auc(case, found[as_set]))
        if fits[best] >= MEMORISED:
            text = f"The model memorises 32 labels at {best}: gradients reach what has to change."
            if best != as_set:
                text = (
                    f"The model memorises 32 labels at {best} and not at {as_set}: the rate is at "
                    "fault, gradients aren't."
                )
            also = next((f.text for f in told if f.name == "frozen"), "")
            return Rule.OBSERVED_AGAINST, f"{text} {also}".strip()
        failed = (
            f"The model can't memorise 32 labels at any learning rate tried (it removes "
            f"{fits[best]:.0%} of their entropy at best)"
        )
        if able is None or len(found) < len(_attempts(case)):
            return Rule.ILLUSTRATES, f"{failed}; other rates or the control weren't afforded."
        if able < MEMORISED:
            text = (
                f"{failed}, and a small network of ours can't either: their features are too alike."
            )
            return Rule.ILLUSTRATES, text
        if not told:
            text = f"{failed}, though gradients reach every parameter: it may be too small for them."
            return Rule.ILLUSTRATES, text
        others = "".join(f" Also: {f.text}" for f in told[1:2])
        return Rule.OBSERVED_FOR, f"{failed}. {told[0].text}{others}"

    def _spared(self, case: Case, runs: Runs) -> list[Evidence]:
        """Say that a change which restores learning shows that gradients are sound."""
        short = shortfall(case, runs)
        if short is None:
            return []
        change = _name(restoring(case, runs, short)) or (
            "several changes together" if together_restores(case, runs, short) else ""
        )
        if not change:
            return []
        reading = (
            f"With {change} the same model learns what it lacks: gradients reach its weights, so "
            "nothing had to be memorised to see it."
        )
        bearing = Bearing(cause="gradient_broken", rule=Rule.OBSERVED_AGAINST, note=reading)
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="None: what restores learning tells.",
                bears_on=(bearing,),
                reading=reading,
            )
        ]


def _attempts(case: Case) -> dict[str, Trial]:
    """Return the memorising trials by their learning rate, the one as set first."""
    settings = case.trial.settings
    assert isinstance(settings, (NetSettings, ModuleSettings))
    changes: list[Intervention] = [
        FEW,
        *(c for c in (Unregularized(), KlOff()) if c.applies(settings)),
        SetSetting(setting="epochs", value=_steps(case)),
        SetSetting(setting="patience", value=0),
        SetSetting(setting="trace_rows", value=MEASURED),
    ]
    base = case.trial.with_(*changes)
    rates = dict.fromkeys((settings.learning_rate, USUAL, USUAL / 10))
    return {
        f"learning rate {r:g}": base.with_(SetSetting(setting="learning_rate", value=r))
        for r in rates
    }


def _steps(case: Case) -> int:
    return STEPS if isinstance(case.trial.settings, ModuleSettings) else STEPS_OF_OURS


def _control(case: Case) -> Trial:
    look_back = getattr(case.trial.settings, "look_back", CONTROL.look_back)
    settings = CONTROL.model_copy(update={"look_back": look_back, "draws": 1})
    trial = case.trial
    same = Trial("transformer", settings, trial.task, trial.interventions, trial.seed)
    return same.with_(FEW)


def _explained(case: Case, runs: Runs) -> bool:
    """Tell whether our own network lacks nothing, or what it lacks is restored by something else."""
    short = shortfall(case, runs)
    if short is None or any(ladder.plan(case, runs) for ladder in ladder_checks()):
        return True
    return restoring(case, runs, short) is not None or together_restores(case, runs, short)


def _name(rung: Rung | None) -> str:
    return "" if rung is None else rung.name


def _pairs(case: Case, run: Run) -> tuple[np.ndarray, np.ndarray]:
    return run.test.mean.astype(np.float64), case.task.label.y[run.test.rows].astype(np.float64)


def _fit(case: Case, run: Run) -> float:
    """Return the part of the labels' entropy (variance) that a run's predictions remove."""
    mean, y = _pairs(case, run)
    if not np.isfinite(mean).all() or not len(y):
        return 0.0
    if case.task.label.kind == "real":
        return max(0.0, scores.r2(mean[:, 0], y))
    p = np.concatenate([1 - mean, mean], axis=1) if mean.shape[1] == 1 else mean
    code = y.astype(np.int64)
    share = np.bincount(code, minlength=p.shape[1]) / len(code)
    entropy = -np.log(share[code]).mean()
    nll = -np.log(np.clip(p[np.arange(len(code)), code], scores.CLIP, 1)).mean()
    return max(0.0, float(1 - nll / entropy)) if entropy else 0.0


def _auc(case: Case, run: Run) -> float:
    """Return the AUC of the labels learned; of a real label the correlation, brought to 0 … 1."""
    mean, y = _pairs(case, run)
    if not np.isfinite(mean).all():
        return math.nan
    kind = case.task.label.kind
    if kind == "real":
        return (1 + scores.ic(mean[:, 0], y)) / 2
    return scores.auc(mean[:, 0], y) if kind == "binary" else scores.auc_one_vs_rest(mean, y)


def _table(run: Run) -> tuple[dict[str, bool | int | float | str | None], ...]:
    """Return a row a parameter: its gradient at the start and the end, and how far it moved."""
    flow = run.details.get("flow", {})
    start = flow.get("start", {}).get("gradient", {})
    names: Sequence[str] = list(run.details.get("changed", {}))
    return tuple(
        {
            "parameter": name,
            "RMS gradient, start": start.get(name),
            "RMS gradient, end": run.details.get("gradient", {}).get(name),
            "largest change": run.details["changed"][name],
        }
        for name in names[:MOST_ROWS]
    )


MOST_ROWS = 24
"""Parameters that the table lists, from the input on."""
