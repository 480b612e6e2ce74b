"""The battery: pool what all checks want, run it in order of cost, judge, say what was left out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fireassay.diagnosis.budget import TRAINED, Clock, Rate, affordable
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import CHECKS, Check, Cost
from fireassay.diagnosis.settled import settled
from fireassay.errors import UserError
from fireassay.findings import Evidence, EvidenceStatus
from fireassay.training.trial import Run, RunStatus, Trial

ROUNDS = 4
"""Rounds of planning at one level of cost: a later round builds on the runs of an earlier one."""

MOST_OF_TIME = 0.2
"""Share of the time left that judging alone may take."""

SLOW = 0.1
"""Share of the budget that reading the data may have taken for a check that reads for long to begin:
beyond, this machine is slow today, and training needs what is left."""

NOT_AFFORDED = "The budget didn't allow it; a larger --budget does."

SETTLED = (
    "Left out: the verdict was settled before ({}), and this would only illustrate it. "
    "--no-stop-early runs it all the same."
)

Execute = Callable[[Sequence[Trial]], Iterable[Run]]


@dataclass
class News:
    """What the battery tells while it runs."""

    planned: Callable[[Cost, Sequence[Trial], float], None] = lambda _cost, _trials, _seconds: None
    ran: Callable[[Run], None] = lambda _run: None
    judged: Callable[[Evidence], None] = lambda _evidence: None


@dataclass
class Battery:
    """What a battery brought.

    Attributes
    ----------
    runs
        By trial id.
    evidence
        In the order in which checks judged; p not yet corrected.
    not_afforded
        Checks whose trials the budget left out, in words.
    crashes
        Tracebacks of checks that failed, by check id.
    settled
        What settled the verdict before everything was run, in words; empty if nothing did.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    not_afforded: list[str] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    settled: str = ""


def run_battery(
    case: Case,
    execute: Execute,
    clock: Clock,
    rate: Rate | None,
    news: News | None = None,
    only: Sequence[str] = (),
    costs: Sequence[Cost] = tuple(Cost),
    battery: Battery | None = None,
) -> Battery:
    """Run all checks (or those named, or those of some levels of cost) on a case.

    Parameters
    ----------
    case
        What is diagnosed.
    execute
        Runs trials, equal ones once; called with each round's pooled plan before it is run.
    clock, rate
        Budget and the predicted speed; without a rate everything planned is afforded.
    news
        Told of plans, runs and evidence as they come.
    only
        Names of checks; empty for all.
    costs
        Levels of cost, in order.
    battery
        What earlier levels brought, to be added to.
    """
    news = news or News()
    battery = Battery() if battery is None else battery
    names = list(only) or list(CHECKS)
    checks = sorted((CHECKS[name]() for name in names), key=lambda c: (c.cost, c.takes, c.id))
    for cost in costs:
        _run_level([c for c in checks if c.cost is cost], case, execute, clock, rate, news, battery)
    return battery


def _run_level(
    checks: Sequence[Check],
    case: Case,
    execute: Execute,
    clock: Clock,
    rate: Rate | None,
    news: News,
    battery: Battery,
) -> None:
    """Plan and run the checks of one level of cost, then judge them."""
    active: list[Check] = []
    for check in checks:
        try:
            why = check.applies(case)
        except UserError:
            raise
        except Exception:  # a check that crashes is a finding, not the end of the battery
            battery.crashes[check.id] = traceback.format_exc()
            why = ""
        if why:
            _add(battery, news, check.without(EvidenceStatus.NOT_APPLICABLE, f"Left out: {why}."))
        elif check.takes > MOST_OF_TIME * clock.left:
            battery.not_afforded.append(check.question)
            _add(battery, news, check.without(EvidenceStatus.NOT_AFFORDED, NOT_AFFORDED))
        else:
            active.append(check)
    short: dict[str, int] = {}
    # Checks of no cause illustrate: they wait until it is known whether anything is still open.
    deciding = [c for c in active if c.causes or c.cost < Cost.VARIANTS or not case.stop_early]
    showing = [c for c in active if c not in deciding]
    _execute(deciding, case, execute, clock, rate, news, battery, short)
    if showing and not battery.settled:
        so_far = [e for c in deciding for e in _judged(c, case, battery)]
        battery.settled = settled([*battery.evidence, *so_far], case.alpha)
    if showing and battery.settled:
        why = SETTLED.format(battery.settled)
        for check in showing:
            _add(battery, news, check.without(EvidenceStatus.NOT_APPLICABLE, why))
        active = deciding
    else:
        _execute(showing, case, execute, clock, rate, news, battery, short)
    for check in active:
        slow = clock.spent > SLOW * clock.limit_s
        if check.takes and check.cost is Cost.FREE and slow:
            battery.not_afforded.append(check.question)
            _add(battery, news, check.without(EvidenceStatus.NOT_AFFORDED, NOT_AFFORDED))
            continue
        evidence = _judged(check, case, battery)
        for item in evidence:
            _add(battery, news, item)
        if check.id in short:
            battery.not_afforded.append(
                f"{check.question} ({short[check.id]} training runs left out)"
            )
            if not evidence:
                _add(battery, news, check.without(EvidenceStatus.NOT_AFFORDED, NOT_AFFORDED))


def _execute(
    checks: Sequence[Check],
    case: Case,
    execute: Execute,
    clock: Clock,
    rate: Rate | None,
    news: News,
    battery: Battery,
    short: dict[str, int],
) -> None:
    """Run what checks plan, round by round; count in `short` what was left out of each."""
    for _ in range(ROUNDS):
        wanted, owner = _pool(checks, case, battery)
        if not wanted:
            break
        left_out: list[Trial] = []
        if rate is not None:
            wanted, left_out = affordable(wanted, case.tasks, rate, clock)
        for trial in left_out:
            short[owner[trial.id]] = short.get(owner[trial.id], 0) + 1
        predicted = {t.id: _cost(t, case, rate) for t in wanted}
        news.planned(checks[0].cost, wanted, sum(predicted.values()))
        came: list[Run] = []
        for run in execute(wanted):
            news.ran(run)
            came.append(run)
            if run.status is RunStatus.CUT_SHORT:
                # Half-trained, it would speak against whatever it was to show.
                short[owner[run.trial.id]] = short.get(owner[run.trial.id], 0) + 1
            else:
                battery.runs[run.trial.id] = run
        if rate is not None:
            trained = [run for run in came if isinstance(run.trial.settings, TRAINED)]
            rate.learn(
                sum(predicted[run.trial.id] for run in trained), sum(run.seconds for run in trained)
            )
        if left_out or any(run.status is RunStatus.CUT_SHORT for run in came):
            break


def _pool(
    checks: Sequence[Check], case: Case, battery: Battery
) -> tuple[list[Trial], dict[str, str]]:
    """Return the distinct trials that all checks still want, and which check wanted each first."""
    wanted: dict[str, Trial] = {}
    owner: dict[str, str] = {}
    for check in checks:
        if check.id in battery.crashes:
            continue
        try:
            trials = check.plan(case, battery.runs)
        except UserError:
            raise
        except Exception:  # as above
            battery.crashes[check.id] = traceback.format_exc()
            continue
        for trial in trials:
            if trial.id not in battery.runs and trial.id not in wanted:
                wanted[trial.id] = trial
                owner[trial.id] = check.id
    return list(wanted.values()), owner


def _judged(check: Check, case: Case, battery: Battery) -> Sequence[Evidence]:
    """Let a check judge; one that crashes leaves an evidence that says so."""
    if check.id not in battery.crashes:
        try:
            return check.judge(case, battery.runs)
        except UserError:
            raise
        except Exception:  # as above
            battery.crashes[check.id] = traceback.format_exc()
    last = battery.crashes[check.id].strip().splitlines()[-1]
    return [check.without(EvidenceStatus.FAILED, f"The check failed: {last}")]


def _cost(trial: Trial, case: Case, rate: Rate | None) -> float:
    return rate.seconds(trial, case.tasks.of(trial)) if rate else 0.0


def _add(battery: Battery, news: News, evidence: Evidence) -> None:
    battery.evidence.append(evidence)
    news.judged(evidence)
