"""Do several settings keep the model from learning together?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.ground import REAL, Ground, ground, shortfall
from fireassay.diagnosis.ladder import (
    Climb,
    LadderCheck,
    changes_of,
    climb,
    ladder_checks,
    ladder_plot,
    restores,
)
from fireassay.diagnosis.rung import Rung
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.statistics.multiplicity import holm
from fireassay.statistics.null import detectable
from fireassay.training.trial import Trial

ALL = "all changed"

OTHERS = "It tells of the changes tried, not of all that could be changed."

HASTY = (
    "The budget shortened training, and a low rate needs time: a larger --budget tells whether it is "
    "to blame."
)


@check
class Together(Check):
    """Change everything that may block learning at once, then put each setting back alone.

    Question: where no single change restores what the model as set lacks, do all of them together,
    and which of them are needed?

    Control: the model with all changes, on the same labels, paired over test dates. A setting is a
    cause where putting it back, everything else changed, loses what was restored. Two causes that
    hold at once hide each other from changes made one at a time; they don't from this.
    """

    id: ClassVar[str] = "together"
    question: ClassVar[str] = "Do several settings keep the model from learning together?"
    causes: ClassVar[tuple[str, ...]] = (
        "kl_dominates",
        "over_regularized",
        "learning_rate_too_low",
        "learning_rate_too_high",
    )
    cost: ClassVar[Cost] = Cost.DEEP

    def applies(self, case: Case) -> str:
        """Tell whether there are two things to change."""
        return "" if len(_curable(case)) > 1 else "there are no two settings to change together"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan all changes at once; each setting put back where they restore what is missing."""
        asked = _asked(case, runs)
        if asked is None:
            return []
        short, single = asked
        whole, *back = _rungs(case)
        wanted = [t for rung in (whole, *single) for t in short.trials(case, *rung.changes)]
        if _all_help(case, runs, short, single):
            wanted = [t for rung in back for t in short.trials(case, *rung.changes)]
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the model with all changes with the one that lacks each."""
        asked = _asked(case, runs)
        if asked is None:
            return []
        short, single = asked
        climbs = {c.rung.name: c for c in climb(case, runs, short, _rungs(case))}
        if ALL not in climbs:
            return []
        if _all_help(case, runs, short, single):
            return self._needed(case, runs, short, climbs, apart=bool(single))
        return [] if single else [self._in_vain(case, short, climbs)]

    def _in_vain(self, case: Case, short: Ground, climbs: Mapping[str, Climb]) -> Evidence:
        """Say that all changes together don't restore what is missing: none of them is the cause."""
        whole = climbs[ALL]
        reading = (
            f"All changes together take {case.metric} from {short.value.value:.3f} to "
            f"{whole.value.value:.3f}: they don't restore what is missing."
        )
        return Evidence(
            id=self.id,
            check=self.id,
            question=self.question,
            experiment=f"All at once: {_listed(case)}.",
            control="The model as set on the same labels, paired over test dates.",
            metric=f"gain in {case.metric}",
            effect=whole.gain.value,
            trivial=0.0,
            interval=whole.gain.interval,
            p=whole.gain.p,
            mde=detectable(whole.gain.se),
            matters=short.missing.value,
            sessions=whole.gain.units,
            trials=tuple(t.id for c in climbs.values() for t in c.trials),
            bears_on=tuple(
                Bearing(cause=ladder.cause, rule=Rule.BOUND, note=reading)
                for ladder in _curable(case)
            ),
            reading=reading,
            plot=ladder_plot(case, tuple(climbs.values()), short, self.question),
        )

    def _needed(
        self,
        case: Case,
        runs: Runs,
        short: Ground,
        climbs: Mapping[str, Climb],
        *,
        apart: bool,
    ) -> list[Evidence]:
        """Say of each setting what putting it back loses.

        Where a change restored the planted signal and not the labels, what else is in the way of
        these has to be as much as a deficit; otherwise half of what all changes restore.
        """
        whole = climbs[ALL]
        least = short.size(case) if apart else 0.5 * whole.gain.value
        with_all = case.scored([runs[t.id] for t in whole.trials])
        back = [c for c in _curable(case) if _without(c) in climbs]
        losses = [
            case.gain(with_all, case.scored([runs[t.id] for t in climbs[_without(c)].trials]))
            for c in back
        ]
        adjusted = holm(np.array([loss.p for loss in losses]))
        found = []
        for ladder, loss, p in zip(back, losses, adjusted.tolist(), strict=True):
            climbed = climbs[_without(ladder)]
            share = loss.value / whole.gain.value
            needed = p <= case.alpha and loss.value >= least
            # A low rate needs time: where the budget shortened training, that may be all it lacks.
            hasty = case.full is not None and ladder.cause == "learning_rate_too_low"
            reading = (
                f"All changes together take {case.metric} from {short.value.value:.3f} to "
                f"{whole.value.value:.3f}; with {ladder.turns} put back it is "
                f"{climbed.value.value:.3f}: {'needed' if needed else 'not needed'}."
            )
            found.append(
                Evidence(
                    id=f"{self.id}-{ladder.id}",
                    check=self.id,
                    question=self.question,
                    experiment=f"All at once ({_listed(case)}); then {ladder.turns} as set again.",
                    control="The model with all changes on the same labels, paired over test dates.",
                    metric=f"loss in {case.metric}",
                    effect=loss.value,
                    trivial=0.0,
                    interval=loss.interval,
                    p=p,
                    mde=detectable(loss.se),
                    matters=2 * least,
                    sessions=loss.units,
                    trials=tuple(t.id for t in (*whole.trials, *climbed.trials)),
                    bears_on=(
                        Bearing(
                            cause=ladder.cause,
                            rule=Rule.ILLUSTRATES if hasty else Rule.RESTORES,
                            share=min(share, 1.0),
                            note=reading,
                        ),
                    ),
                    reading=reading,
                    caveat=HASTY if hasty else OTHERS,
                    remedy=changes_of(case, Rung("", ladder.cure(case))) if needed else (),
                    plot=ladder_plot(case, tuple(climbs.values()), short, self.question),
                )
            )
        return found


def _asked(case: Case, runs: Runs) -> tuple[Ground, tuple[Rung, ...]] | None:
    """Return the ground on which settings are changed together, and what restored another alone.

    The ground on which the model falls short, where no single change restores it. Where one restores
    a planted signal, the labels as they are, if the model falls short on them too: a setting that
    lets the planted form through may be in the way of theirs.
    """
    short = shortfall(case, runs)
    if short is None:
        return None
    single = restoring(case, runs, short)
    if single is None:
        return short, ()
    real = ground(case, runs, REAL)
    if short.name == REAL or real is None or not real.short(case):
        return None
    return real, (single,)


def _all_help(case: Case, runs: Runs, short: Ground, single: tuple[Rung, ...]) -> bool:
    """Tell whether all changes at once restore what is missing, and more than a single one did."""
    rungs = (_rungs(case)[0], *single)
    climbs = {c.rung.name: c for c in climb(case, runs, short, rungs)}
    if ALL not in climbs or not restores(case, short, climbs[ALL].gain):
        return False
    if not single:
        return True
    if single[0].name not in climbs:
        return False
    alone, whole = (
        case.scored([runs[t.id] for t in climbs[name].trials]) for name in (single[0].name, ALL)
    )
    more = case.gain(whole, alone)
    return more.p <= case.alpha and more.value >= short.size(case)


def _curable(case: Case) -> list[LadderCheck]:
    """Return the ladders whose cause can be taken away beside others."""
    return [ladder for ladder in ladder_checks() if ladder.cure(case)]


def _rungs(case: Case) -> list[Rung]:
    """Return all changes at once, then all but each."""
    ladders = _curable(case)
    rungs = [Rung(ALL, tuple(i for ladder in ladders for i in ladder.cure(case)))]
    for left_out in ladders:
        rest = tuple(i for o in ladders if o.id != left_out.id for i in o.cure(case))
        rungs.append(Rung(_without(left_out), rest))
    return rungs


def _without(ladder: LadderCheck) -> str:
    return f"all but {ladder.turns}"


def _listed(case: Case) -> str:
    turned = changes_of(case, _rungs(case)[0])
    return ", ".join(f"{c.setting.removeprefix('settings.')} {c.after}" for c in turned)


def restoring(case: Case, runs: Runs, short: Ground) -> Rung | None:
    """Return a single change that restores what is missing; None if none does."""
    return next(
        (
            c.rung
            for ladder in ladder_checks()
            for c in climb(case, runs, short, ladder.turnable(case))[1:]
            if c.gain.p <= case.alpha and restores(case, short, c.gain)
        ),
        None,
    )


def together_restores(case: Case, runs: Runs, short: Ground) -> bool:
    """Tell whether all changes at once restore what is missing."""
    if len(_curable(case)) < 2:
        return False
    return any(
        restores(case, short, c.gain)
        for c in climb(case, runs, short, _rungs(case)[:1])
        if c.rung.name == ALL
    )
