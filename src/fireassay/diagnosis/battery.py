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
    bench = _Bench(case, execute, clock, rate, news or News(), battery or Battery())
    names = list(only) or list(CHECKS)
    checks = sorted((CHECKS[name]() for name in names), key=lambda c: (c.cost, c.takes, c.id))
    for cost in costs:
        bench.run_level([c for c in checks if c.cost is cost])
    return bench.battery


@dataclass
class Pooled:
    """A trial that checks want, each once however many of them do.

    Attributes
    ----------
    trial
        What is run.
    owner
        The check that wanted it first.
    worth
        What it is expected to tell: of every check that wants it one; where a plan goes from mild to
        strong, one divided by the place counted from its end. The strongest change settles most, and
        each milder one adds less to what those before it told.
    """

    trial: Trial
    owner: str
    worth: float = 0.0


def pool(plans: Iterable[tuple[Check, Sequence[Trial]]]) -> list[Pooled]:
    """Return the distinct trials of all checks' plans, with what each is worth."""
    found: dict[str, Pooled] = {}
    for check, trials in plans:
        distinct = list({t.id: t for t in trials}.values())
        for place, trial in enumerate(distinct):
            pooled = found.setdefault(trial.id, Pooled(trial, check.id))
            pooled.worth += 1 / (len(distinct) - place) if check.mildest_first else 1.0
    return list(found.values())


@dataclass(frozen=True)
class _Bench:
    """Where checks are planned, run and judged; the fields are those of `run_battery`."""

    case: Case
    execute: Execute
    clock: Clock
    rate: Rate | None
    news: News
    battery: Battery

    def run_level(self, checks: Sequence[Check]) -> None:
        """Plan and run the checks of one level of cost, then judge them."""
        active = self._admitted(checks)
        case, battery = self.case, self.battery
        short: dict[str, int] = {}
        # Checks of no cause illustrate: they wait until it is known whether anything is still open.
        deciding = [c for c in active if c.causes or c.cost < Cost.VARIANTS or not case.stop_early]
        showing = [c for c in active if c not in deciding]
        self._run_rounds(deciding, short)
        if showing and not battery.settled:
            so_far = [e for c in deciding for e in self._judged(c)]
            battery.settled = settled([*battery.evidence, *so_far], case.alpha)
        if showing and battery.settled:
            why = SETTLED.format(battery.settled)
            for check in showing:
                self._add(check.without(EvidenceStatus.NOT_APPLICABLE, why))
            active = deciding
        else:
            self._run_rounds(showing, short)
        for check in active:
            slow = self.clock.spent > SLOW * self.clock.limit_s
            if check.takes and check.cost is Cost.FREE and slow:
                self._not_afforded(check, check.question)
                continue
            evidence = self._judged(check)
            for item in evidence:
                self._add(item)
            if check.id in short:
                runs = (
                    "1 training run" if short[check.id] == 1 else f"{short[check.id]} training runs"
                )
                left_out = f"{check.question} ({runs} left out)"
                self._not_afforded(check, left_out, said=bool(evidence))

    def _admitted(self, checks: Sequence[Check]) -> list[Check]:
        """Return the checks that apply and can be afforded; say of the others why not."""
        active: list[Check] = []
        for check in checks:
            try:
                why = check.applies(self.case)
            except UserError:
                raise
            except Exception:  # a check that crashes is a finding, not the end of the battery
                self.battery.crashes[check.id] = traceback.format_exc()
                why = ""
            if why:
                self._add(check.without(EvidenceStatus.NOT_APPLICABLE, f"Left out: {why}."))
            elif check.takes > MOST_OF_TIME * self.clock.left:
                self._not_afforded(check, check.question)
            else:
                active.append(check)
        return active

    def _run_rounds(self, checks: Sequence[Check], short: dict[str, int]) -> None:
        """Run what checks plan, round by round; count in `short` what was left out of each."""
        case, rate, battery = self.case, self.rate, self.battery
        for _ in range(ROUNDS):
            pooled = self._pool(checks)
            wanted, owner = [p.trial for p in pooled], {p.trial.id: p.owner for p in pooled}
            if not wanted:
                break
            left_out: list[Trial] = []
            if rate is not None:
                wanted, left_out = affordable(
                    wanted, {p.trial.id: p.worth for p in pooled}, case.tasks, rate, self.clock
                )
            for trial in left_out:
                short[owner[trial.id]] = short.get(owner[trial.id], 0) + 1
            predicted = {t.id: rate.seconds(t, case.tasks.of(t)) if rate else 0.0 for t in wanted}
            self.news.planned(checks[0].cost, wanted, sum(predicted.values()))
            came: list[Run] = []
            for run in self.execute(wanted):
                self.news.ran(run)
                came.append(run)
                if run.status is RunStatus.CUT_SHORT:
                    # Half-trained, it would speak against whatever it was to show.
                    short[owner[run.trial.id]] = short.get(owner[run.trial.id], 0) + 1
                else:
                    battery.runs[run.trial.id] = run
            if rate is not None:
                trained = [run for run in came if isinstance(run.trial.settings, TRAINED)]
                foretold = sum(predicted[run.trial.id] for run in trained)
                rate.learn(foretold, sum(run.seconds for run in trained))
            if left_out or any(run.status is RunStatus.CUT_SHORT for run in came):
                break

    def _pool(self, checks: Sequence[Check]) -> list[Pooled]:
        """Return the distinct trials that checks still want."""
        plans = []
        for check in checks:
            if check.id in self.battery.crashes:
                continue
            try:
                trials = check.plan(self.case, self.battery.runs)
            except UserError:
                raise
            except Exception:  # as above
                self.battery.crashes[check.id] = traceback.format_exc()
                continue
            plans.append((check, [t for t in trials if t.id not in self.battery.runs]))
        return pool(plans)

    def _judged(self, check: Check) -> Sequence[Evidence]:
        """Let a check judge; one that crashes leaves an evidence that says so."""
        crashes = self.battery.crashes
        if check.id not in crashes:
            try:
                return check.judge(self.case, self.battery.runs)
            except UserError:
                raise
            except Exception:  # as above
                crashes[check.id] = traceback.format_exc()
        last = crashes[check.id].strip().splitlines()[-1]
        return [check.without(EvidenceStatus.FAILED, f"The check failed: {last}")]

    def _not_afforded(self, check: Check, what: str, *, said: bool = False) -> None:
        """Note what was left out for want of time; an evidence says so unless the check said more."""
        self.battery.not_afforded.append(what)
        if not said:
            self._add(check.without(EvidenceStatus.NOT_AFFORDED, NOT_AFFORDED))

    def _add(self, evidence: Evidence) -> None:
        self.battery.evidence.append(evidence)
        self.news.judged(evidence)
