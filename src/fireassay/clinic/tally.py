"""What the gauntlet counts: right causes, false alarms, abstentions, cures, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fireassay.clinic.patient import PATIENTS, Patient
from fireassay.clinic.visit import Visit
from fireassay.diagnosis.track_record import confidence
from fireassay.findings import Frozen

NOTHING = "(nothing)"
"""First cause of a diagnosis that supports none."""


class Share(Frozen):
    """A share with its exact (Clopper and Pearson 1934) 95 % interval.

    Attributes
    ----------
    hits, of
        The counts; the share is None without cases.
    """

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Hits among the cases."""
        return self.hits / self.of if self.of else None

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the exact interval; the whole range without cases."""
        from scipy.stats import beta

        tail, misses = (1 - level) / 2, self.of - self.hits
        low = beta.ppf(tail, self.hits, misses + 1) if self.hits else 0.0
        high = beta.ppf(1 - tail, self.hits + 1, misses) if misses else 1.0
        return float(low), float(high)


class Row(Frozen):
    """One kind of patient.

    Attributes
    ----------
    patient, causes
        Name and true causes.
    first
        Visits in which the right cause is named first; healthy: in which nothing is blamed.
    found
        True causes supported, of all true causes.
    right
        Supported causes that hold or may be said, of all that are supported.
    confused
        How often each wrong first cause was named.
    cured
        Visits whose changed settings raised the score, of those in which any were run.
    seconds, training_runs
        Median cost of a visit.
    failures
        Visits that broke off.
    """

    patient: str
    causes: tuple[str, ...]
    first: Share
    found: Share
    right: Share
    confused: dict[str, int]
    cured: Share
    seconds: float
    training_runs: float | None
    failures: int


class Tally(Frozen):
    """The table of the gauntlet.

    Attributes
    ----------
    rows
        One a patient.
    first, first_sick
        Right cause first, of all visits, and of those of sick patients.
    recall, precision
        Over all visits of sick patients, and over all supported causes.
    false_alarm
        Visits of healthy patients in which a cause is supported.
    signal_denied
        Visits of patients with a signal in which "no signal" is supported.
    abstained
        Visits of sick patients in which no cause is supported.
    cured
        Of visits of curable patients in which changed settings were run, those with a gain.
    trusted
        Of the causes that are told with a confidence, those that hold.
    confidence
        The mean of what is told of them: honest where it agrees with `trusted`.
    seconds
        Of all visits together, as processors counted them one after another.
    """

    rows: tuple[Row, ...]
    first: Share
    first_sick: Share
    recall: Share
    precision: Share
    false_alarm: Share
    signal_denied: Share
    abstained: Share
    cured: Share
    trusted: Share
    confidence: float | None
    seconds: float


def tally(visits: Iterable[Visit]) -> Tally:
    """Count the visits, in the order of the patients' names."""
    whole = sorted(visits, key=lambda v: (PATIENTS[v.patient].healthy, v.patient, v.seed))
    groups: dict[str, list[Visit]] = {}
    for one in whole:
        groups.setdefault(one.patient, []).append(one)
    sick = [v for v in whole if not PATIENTS[v.patient].healthy]
    healthy = [v for v in whole if PATIENTS[v.patient].healthy]
    signal = [v for v in whole if PATIENTS[v.patient].learnable]
    told = [(v, c, p) for v in whole for c in v.primary if (p := confidence(c)) is not None]
    curable = [v for v in sick if PATIENTS[v.patient].curable and v.cured is not None]
    return Tally(
        rows=tuple(_row(PATIENTS[name], of) for name, of in groups.items()),
        first=_share(_first(v) for v in whole),
        first_sick=_share(_first(v) for v in sick),
        recall=_share(cause in v.primary for v in sick for cause in PATIENTS[v.patient].causes),
        precision=_share(_holds(v, cause) for v in whole for cause in v.primary),
        false_alarm=_share(_alarmed(v) for v in healthy),
        signal_denied=_share("no_signal" in v.primary for v in signal),
        abstained=_share(not v.primary for v in sick),
        cured=_share(bool(v.cured) for v in curable),
        trusted=_share(_holds(v, cause) for v, cause, _ in told),
        confidence=sum(p for *_, p in told) / len(told) if told else None,
        seconds=sum(v.seconds for v in whole),
    )


def _row(patient: Patient, visits: Sequence[Visit]) -> Row:
    from statistics import median

    wrong = Counter(v.primary[0] if v.primary else NOTHING for v in visits if not _first(v))
    runs = [v.training_runs for v in visits if v.training_runs is not None]
    return Row(
        patient=patient.name,
        causes=patient.causes,
        first=_share(_first(v) for v in visits),
        found=_share(cause in v.primary for v in visits for cause in patient.causes),
        right=_share(_holds(v, cause) for v in visits for cause in v.primary),
        confused=dict(wrong.most_common()),
        cured=_share(v.cured for v in visits if v.cured is not None),
        seconds=median(v.seconds for v in visits),
        training_runs=median(runs) if runs else None,
        failures=sum(bool(v.failure) for v in visits),
    )


def _first(visit: Visit) -> bool:
    """Tell whether the right cause is named first; of the healthy, whether nothing is blamed."""
    patient = PATIENTS[visit.patient]
    if visit.failure:
        return False
    if patient.healthy:
        return not _alarmed(visit)
    return bool(visit.primary) and visit.primary[0] in patient.accepted


def _alarmed(visit: Visit) -> bool:
    return any(cause not in PATIENTS[visit.patient].debatable for cause in visit.primary)


def _holds(visit: Visit, cause: str) -> bool:
    patient = PATIENTS[visit.patient]
    return cause in (*patient.causes, *patient.accepted, *patient.debatable)


def _share(hits: Iterable[bool]) -> Share:
    counted = list(hits)
    return Share(hits=sum(counted), of=len(counted))
