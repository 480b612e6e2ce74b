"""A training's account arranged into what a person reads, in order, whatever the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fireassay.report.appendix import data_view
from fireassay.report.blocks import Entry, Inline, Line, Table
from fireassay.report.cited import Cited, Source
from fireassay.report.extracts import LONG, mapping
from fireassay.report.numerals import (
    AUTO,
    DURATION,
    EXACT,
    P_VALUE,
    PERCENT,
    Style,
    decimals_for,
    fixed,
)
from fireassay.report.story import masthead
from fireassay.report.wording import clip
from fireassay.trained import Trained

MOST_EPOCHS = 12
"""Rows of a table of epochs, about: the first, the last, the one that is kept, and some between."""

KEPT = "*"

OBJECTIVE = (
    ("loss", "loss"),
    ("train_nll", "train NLL"),
    ("validation_nll", "validation NLL"),
    ("test_nll", "test NLL"),
    ("kl_per_label", "KL per label"),
    ("kl", "KL (nats)"),
    ("gradient_norm", "gradient norm"),
)
"""Columns of the first table of epochs: what is minimised, per label in nats."""

SCORES = (
    ("auc", "AUC"),
    ("accuracy", "accuracy"),
    ("f1", "F1"),
    ("brier", "Brier"),
    ("r2", "R²"),
    ("rank_ic", "rank IC"),
)
"""Columns of the second, each of training and test sessions."""


PARTS = ("train_", "validation_", "test_")
"""What the measures begin with that are taken again from all posterior draws."""


UNCERTAINTY = "What it is unsure of, on later sessions"
"""Title of the section on the parts of uncertainty."""


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it: sentences, facts, tables.

    Attributes
    ----------
    facts, figures
        Told one after the other, and below each other.
    folded
        Whether a form that can fold keeps it shut.
    """

    title: str
    lines: tuple[Line, ...] = ()
    facts: tuple[Entry, ...] = ()
    figures: tuple[Entry, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """Everything that the report of a training says, in order."""

    title: str
    masthead: tuple[Entry, ...]
    sections: tuple[Section, ...]


def arrange(trained: Trained) -> Page:
    """Arrange a training's account for its readers."""
    source = Source(trained)
    sections = [
        Section("Assessment", tuple(Line(clip(s.text, LONG)) for s in trained.assessment)),
        Section("On later sessions", figures=_held_out(source, trained)),
        *_calibration(source, trained),
        *_uncertainty(source, trained),
        Section("Before training", facts=_before(source, trained)),
        *_epochs(source, trained),
        *_seeds(source, trained),
    ]
    if trained.ledger is not None:
        sections.append(Section("KL and what can pay for it", figures=_ledger(source)))
    if trained.metrics_reading:
        lines = tuple(Line(clip(s.text, LONG)) for s in trained.metrics_reading)
        sections.append(Section("Reading the metrics", lines))
    sections.append(Section("Where it lies", facts=_places(trained)))
    data = data_view(source, trained.data_audit)
    sections.append(Section("The data", facts=data.facts, tables=(data.items,) if data.items else ()))
    sections.append(Section("How it was run", facts=_run(source)))
    for at, caption, style in (
        ("study", "The study: every setting that the run used", EXACT),
        ("environment", "Environment", AUTO),
    ):
        table = mapping(source, (at,), caption, style)
        if table:
            sections.append(Section(caption, tables=(table,), folded=True))
    return Page(clip(trained.title, 300), masthead(source), tuple(sections))


def _held_out(source: Source, trained: Trained) -> tuple[Entry, ...]:
    found, at = trained.held_out, "held_out"
    spread = None
    if found.interval and found.interval.low is not None and found.interval.high is not None:
        spread = found.interval.high - found.interval.low
    style = decimals_for(spread, (found.effect, found.trivial))
    entries = [Entry(found.metric, (source.cite(at, "effect", style=style),))]
    if spread is not None:
        low, high = (source.cite(at, "interval", end, style=style) for end in ("low", "high"))
        entries.append(Entry("95 % interval over test dates", (low, " to ", high)))
    entries.append(Entry("chance", (source.cite(at, "trivial"),)))
    if found.p is not None:
        entries.append(Entry("p against the session null", (source.cite(at, "p", style=P_VALUE),)))
    if found.null and found.null.q05 is not None:
        low, high = (source.cite(at, "null", q, style=style) for q in ("q05", "q95"))
        entries.append(Entry("5 % to 95 % of that null", (low, " to ", high)))
    if found.mde is not None:
        mde = source.cite(at, "mde", style=decimals_for(found.mde, ()))
        entries.append(Entry("excess over chance found in 4 of 5 cases", (mde,)))
    entries.append(Entry("excess over chance that matters", (source.cite(at, "matters"),)))
    entries.append(Entry("test dates", (source.cite(at, "sessions"),)))
    for name, value in found.numbers.items():
        shown = AUTO if isinstance(value, int) else style
        entries.append(Entry(name, (source.cite(at, "numbers", name, style=shown),)))
    return tuple(entries)


RESCALED = {
    True: "temperature, fitted on validation sessions",
    False: "factor on predictive SDs, fitted on validation sessions",
}


def _calibration(source: Source, trained: Trained) -> list[Section]:
    """Return whether what is said comes true as often, and the sets that make it so."""
    found, at = trained.calibration, "calibration"
    if found is None:
        return []
    entries = [Entry("test NLL", (source.cite(at, "nll", style=fixed(4)),))]
    for key, name, style in (
        ("ece", "expected calibration error (ECE)", fixed(4)),
        ("ece_calibrated", "ECE of a calibrated model on as many dates", fixed(4)),
        ("p", "p of the ECE, were it calibrated", P_VALUE),
        ("brier", "Brier score = reliability − resolution + uncertainty", fixed(4)),
        ("reliability", "reliability (what miscalibration costs)", fixed(5)),
        ("resolution", "resolution (what telling bars apart gains)", fixed(5)),
        ("uncertainty", "uncertainty (the class shares alone)", fixed(4)),
    ):
        if getattr(found, key) is not None:
            entries.append(Entry(name, (source.cite(at, key, style=style),)))
    if found.rescaled is not None:
        entries += _rescaled(source, trained)
    tables = [_bins(source, trained)] if found.bins else []
    if found.intervals:
        tables.append(_intervals(source, trained))
    if found.conformal:
        tables.append(_conformal(source, trained))
    return [Section("Calibration on later sessions", figures=tuple(entries), tables=tuple(tables))]


def _rescaled(source: Source, trained: Trained) -> list[Entry]:
    assert trained.calibration is not None
    assert trained.calibration.rescaled is not None
    found, at = trained.calibration.rescaled, ("calibration", "rescaled")
    said: list[str | Cited] = ["without bound"]
    if found.value is not None:
        said = [source.cite(*at, "value", style=fixed(3))]
        low = source.cite(*at, "low", style=fixed(3))
        if found.high is None:
            said += [" (from ", low, " without bound)"]
        else:
            said += [" (", low, " to ", source.cite(*at, "high", style=fixed(3)), ")"]
    entries = [Entry(RESCALED[bool(trained.calibration.bins)], tuple(said))]
    entries.append(Entry("test NLL with it", (source.cite(*at, "nll_after", style=fixed(4)),)))
    if found.ece_after is not None:
        entries.append(Entry("ECE with it", (source.cite(*at, "ece_after", style=fixed(4)),)))
    return entries


def _range(source: Source, *at: str | int, style: Style) -> Inline:
    return (source.cite(*at, "low", style=style), " to ", source.cite(*at, "high", style=style))


def _bins(source: Source, trained: Trained) -> Table:
    assert trained.calibration is not None
    rows: list[tuple[Inline, ...]] = []
    for i, row in enumerate(trained.calibration.bins):
        at = ("calibration", "bins", i)
        if not row.count:
            continue
        spread: Inline = _range(source, *at, style=fixed(3)) if row.low is not None else ()
        rows.append(
            (
                (source.cite(*at, "count"),),
                (source.cite(*at, "predicted", style=fixed(3)),),
                (source.cite(*at, "observed", style=fixed(3)),),
                spread,
            )
        )
    head = ("bars", "said", "came true", "95 % over dates")
    return Table(
        "Reliability: what was said, and how often it came true",
        head,
        tuple(rows),
        frozenset(range(4)),
    )


def _intervals(source: Source, trained: Trained) -> Table:
    assert trained.calibration is not None
    rows = []
    for i, _ in enumerate(trained.calibration.intervals):
        at = ("calibration", "intervals", i)
        rows.append(
            (
                (source.cite(*at, "level", style=PERCENT),),
                (source.cite(*at, "covered", style=PERCENT),),
                _range(source, *at, style=PERCENT),
            )
        )
    head = ("interval", "holds", "95 % over dates")
    return Table("Central predictive intervals", head, tuple(rows), frozenset(range(3)))


def _conformal(source: Source, trained: Trained) -> Table:
    assert trained.calibration is not None
    sets = bool(trained.calibration.bins)
    rows: list[tuple[Inline, ...]] = []
    for i, row in enumerate(trained.calibration.conformal):
        at = ("calibration", "conformal", i)
        cells: list[Inline] = [
            (source.cite(*at, "promised", style=PERCENT),),
            (source.cite(*at, "covered", style=PERCENT),),
            _range(source, *at, style=PERCENT),
            (source.cite(*at, "size", style=fixed(2) if sets else AUTO),)
            if row.size is not None
            else ("everything",),
        ]
        if sets:
            cells.append((source.cite(*at, "single", style=PERCENT),))
        rows.append(tuple(cells))
    head = ["promised", "held", "95 % over dates", "classes" if sets else "width"]
    head += ["sets of one class"] if sets else []
    kept = trained.calibration.conformal
    title = "Conformal sets" if sets else "Conformal intervals"
    note = (
        f"{title}, from {kept[0].dates} validation dates: the share of a later session's bars whose "
        "label they hold, on average over sessions, if sessions are exchangeable; not at a given bar."
    )
    if any(row.threshold is None for row in kept):
        note += " Where so few dates can't promise it, they hold everything."
    return Table(title, tuple(head), tuple(rows), frozenset(range(len(head))), note)


def _uncertainty(source: Source, trained: Trained) -> list[Section]:
    """Return what the model is unsure of, and where in the session."""
    found, at = trained.uncertainty, "uncertainty"
    if found is None:
        return []
    parts = ("total", "aleatoric", "epistemic")
    names = {
        "total": f"uncertainty of a prediction, in {found.unit}",
        "aleatoric": "aleatoric: open even if the weights were known",
        "epistemic": "epistemic: what draws of the weights disagree about",
    }
    shown = decimals_for(None, [getattr(found, part) for part in parts])
    entries = [Entry(names[part], (source.cite(at, part, style=shown),)) for part in parts]
    if found.share is not None:
        entries.append(Entry("epistemic share", (source.cite(at, "share", style=PERCENT),)))
    each = [getattr(row, part) for row in found.stretches for part in parts]
    style = decimals_for(None, each)
    rows: list[tuple[Inline, ...]] = []
    for i, row in enumerate(found.stretches):
        place = (at, "stretches", i)
        bars: Inline = (source.cite(*place, "first"), " to ", source.cite(*place, "last"))
        if row.first == row.last:
            bars = (source.cite(*place, "first"),)
        cells = [(source.cite(*place, part, style=style),) for part in parts]
        rows.append((bars, (source.cite(*place, "count"),), *cells))
    head = ("bars of the session", "labels", *parts)
    note = "More data lessens the epistemic part; the aleatoric one only better features can."
    table = Table("Uncertainty over the session", head, tuple(rows), frozenset(range(5)), note)
    return [Section(UNCERTAINTY, figures=tuple(entries), tables=(table,))]


def _before(source: Source, trained: Trained) -> tuple[Entry, ...]:
    before, at = trained.before, "before"
    worth = source.cite(at, "effective", style=fixed(0))
    entries = [
        Entry("labels to learn from", (source.cite(at, "labels"), ", worth ", worth, " independent")),
        *(
            Entry(f"{part} sessions", (source.cite(at, "sessions", part),))
            for part in before.sessions
        ),
        Entry("features", (source.cite(at, "features"),)),
    ]
    if before.parameters is not None:
        entries.append(Entry("weights", (source.cite(at, "parameters"),)))
    if before.random:
        entries.append(Entry("random ones", (source.cite(at, "random"),)))
    if before.logit_sd is not None:
        entries.append(Entry("SD of a logit under the prior", (source.cite(at, "logit_sd"),)))
    if before.kl_start is not None:
        entries.append(Entry("KL at the start", (source.cite(at, "kl_start", style=fixed(0)),)))
    return tuple(entries)


def _ledger(source: Source) -> tuple[Entry, ...]:
    return tuple(
        Entry(name, (source.cite("ledger", key, style=style),))
        for key, name, style in (
            ("kl", "KL of the weights that are kept, in nats", fixed(0)),
            ("kl_per_label", "per label", fixed(4)),
            ("kl_weight", "what a nat costs in the objective (1: exact Bayes)", AUTO),
            ("budget", "nats that a signal that matters pays for", fixed(0)),
            ("earned", "nats that what is predicted is worth", fixed(0)),
            ("above_noise", "weights whose mean exceeds their SD", PERCENT),
        )
    )


def chosen_epochs(count: int, kept: int) -> list[int]:
    """Return which of `count` epochs (from 0) a table shows: first, every k-th, kept, last.

    `kept` is −1 where no epoch's weights are kept.
    """
    if count <= MOST_EPOCHS:
        return list(range(count))
    step = -(-(count - 1) // (MOST_EPOCHS - 2))
    return sorted({*range(0, count - 1, step), max(kept, 0), count - 1})


def _epochs(source: Source, trained: Trained) -> list[Section]:
    """Return the tables of the first seed's epochs; of a learner without epochs its metrics."""
    member = trained.members[0]
    if not member.history:
        return []
    chosen = chosen_epochs(len(member.history), member.best_epoch - 1)
    of_seed = f" (seed {member.seed})" if len(trained.members) > 1 else ""
    whole = "Training" if len(member.history) == 1 else "Training, epoch by epoch"
    note = ""
    if len(member.history) > 1:
        note = f"{KEPT} the epoch whose weights are kept"
        note += "; “final” is measured with all posterior draws." if trained.before.drawn else "."
    objective = [(key, title) for key, title in OBJECTIVE if key in member.history[0]]
    scores = [
        (f"{part}_{key}", f"{title} {part}")
        for key, title in SCORES
        for part in ("train", "test")
        if f"{part}_{key}" in member.history[0]
    ]
    if not any(row.get("kl") for row in member.history):
        objective = [(key, title) for key, title in objective if not key.startswith("kl")]
    if not member.weights:  # it is fitted on the validation sessions too
        objective = [(key, title) for key, title in objective if key != "validation_nll"]
    tables = tuple(
        _history(source, trained, caption, columns, chosen, note if columns is scores else "")
        for caption, columns in (
            ("Loss, NLL and KL, in nats", objective),
            ("Scores of training and test sessions", scores),
        )
        if columns
    )
    return [Section(f"{whole}{of_seed}", tables=tables)]


def _history(
    source: Source,
    trained: Trained,
    caption: str,
    columns: Sequence[tuple[str, str]],
    chosen: Sequence[int],
    note: str,
) -> Table:
    member = trained.members[0]
    styles = {key: _style([row.get(key) for row in member.history], key) for key, _ in columns}
    rows: list[tuple[Inline, ...]] = []
    for i in chosen:
        epoch: tuple[str | Cited, ...] = (
            source.cite("members", 0, "history", i, "epoch", style=fixed(0)),
        )
        if i == member.best_epoch - 1 and len(member.history) > 1:
            epoch = (KEPT, *epoch)
        cells = [
            (source.cite("members", 0, "history", i, key, style=styles[key]),)
            if key in member.history[i]
            else ()
            for key, _ in columns
        ]
        rows.append((epoch, *cells))
    if trained.before.drawn and len(member.history) > 1:
        final = [
            (source.cite("members", 0, "metrics", key, style=styles[key]),)
            if key.startswith(PARTS) and key in member.metrics
            else ()
            for key, _ in columns
        ]
        rows.append((("final",), *final))
    if any(key in trained.no_skill for key, _ in columns):
        told = [
            (source.cite("no_skill", key, style=styles[key]),) if key in trained.no_skill else ()
            for key, _ in columns
        ]
        rows.append((("no skill",), *told))
    head = ("epoch", *(title for _, title in columns))
    return Table(caption, head, tuple(rows), frozenset(range(len(head))), note)


def _style(values: Sequence[object], key: str) -> Style:
    if key == "gradient_norm":
        return AUTO
    known = [abs(v) for v in values if isinstance(v, int | float)]
    largest = max(known, default=0.0)
    return fixed(4 if largest < 100 else 1 if largest < 10_000 else 0)


def _seeds(source: Source, trained: Trained) -> list[Section]:
    if len(trained.members) < 2:
        return []
    rows = []
    for i, member in enumerate(trained.members):
        loss: Inline = ()
        if "test_nll" in member.metrics:
            loss = (source.cite("members", i, "metrics", "test_nll", style=fixed(4)),)
        rows.append(
            (
                (source.cite("members", i, "seed"),),
                (member.status,),
                (source.cite("members", i, "epochs"),),
                (source.cite("members", i, "best_epoch"),),
                (source.cite("members", i, "score", style=fixed(4)),),
                loss,
                (source.cite("members", i, "seconds", style=DURATION),),
            )
        )
    head = ("seed", "ended", "epochs", "kept", trained.held_out.metric, "test NLL", "time")
    table = Table("Each seed alone", head, tuple(rows), frozenset({0, 2, 3, 4, 5, 6}))
    return [Section("Seeds", tables=(table,))]


def _places(trained: Trained) -> tuple[Entry, ...]:
    kept = [member.weights for member in trained.members if member.weights]
    entries = [Entry("weights", (", ".join(kept[:4]) + (", …" if len(kept) > 4 else ""),))]
    if not kept:
        entries = [Entry("weights", ("none: this learner is fitted again when it is asked",))]
    entries.append(Entry("predictions of validation and test sessions", ("predictions.parquet",)))
    entries.append(Entry("every number, unrounded", ("train.json",)))
    return tuple(entries)


def _run(source: Source) -> tuple[Entry, ...]:
    return (
        Entry("time spent", (source.cite("seconds", style=DURATION),)),
        Entry("device", (source.cite("environment", "device"),)),
        Entry("fireassay", (source.cite("fireassay_version"),)),
    )
