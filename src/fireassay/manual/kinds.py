"""The kinds of things that the manual explains, each read from where it is defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from fireassay.causes import CAUSES
from fireassay.data.features import FEATURES
from fireassay.data.simulate import SCENARIOS
from fireassay.data.targets import TARGETS
from fireassay.diagnosis.checks import CHECKS, Cost
from fireassay.interventions import INTERVENTIONS, SettingChange
from fireassay.manual.docstring import Part, parts
from fireassay.manual.entry import Entry, facts
from fireassay.training.learner import default_settings, learner_names

AFFORDED = {
    Cost.FREE: "It reads the data and trains nothing.",
    Cost.SCAN: "It reads the data for longer, and trains nothing.",
    Cost.CONTROL: "It trains a control that every diagnosis needs.",
    Cost.LADDERS: "It trains the model under the changes that a deficit calls for.",
    Cost.DEEP: "It trains the model under several changes at once, where no single one explains.",
    Cost.VARIANTS: "It trains the model under the usual changes, in the time that is left.",
    Cost.LEFT: "It trains the model on more, in the time that is left; nothing else rests on it.",
}


@dataclass(frozen=True)
class Kind:
    """One kind of name.

    Attributes
    ----------
    name, plural
        What it is called.
    names
        Gives all names of the kind, as a report or a study writes them.
    entry
        Builds the entry of a name.
    """

    name: str
    plural: str
    names: Callable[[], Iterable[str]]
    entry: Callable[[str], Entry]

    def find(self, wanted: str) -> Iterator[Entry]:
        """Yield the entry of a name in lower case with underscores, or those of a family."""
        known = {re.sub(r"-", "_", name): name for name in self.names()}
        if wanted in known:
            yield self.entry(known[wanted])
        elif self.name == "feature":
            family = [n for key, n in known.items() if re.fullmatch(rf"{re.escape(wanted)}_\d+", key)]
            if family:
                yield self.entry(family[0])


def _cause(name: str) -> Entry:
    cause = CAUSES[name]
    asked = [CHECKS[c] for c in CHECKS if name in CHECKS[c].causes]
    shown = [s for s in SCENARIOS if name in SCENARIOS[s].causes]
    nothing = "" if asked else "No check of this version bears on it, so it stays undecided."
    return Entry(
        "cause",
        name,
        f"{cause.title[:1].upper()}{cause.title[1:]} (on the side of the {cause.side}).",
        (
            Part("What holds when it is supported", cause.meaning),
            Part("How it is established", cause.established),
            *facts("Checks", [*(f"{c.id}: {c.question}" for c in asked), nothing]),
            Part("What misleads", cause.misleads),
            Part("What to change", cause.remedy),
            *facts("See it", [f"fireassay diagnose sim:{s}" for s in shown[:3]]),
            *facts("References", cause.references),
        ),
    )


def _check(name: str) -> Entry:
    check = CHECKS[name]
    first, *rest = parts(check.__doc__)
    own = {part.heading for part in rest}
    causes = [CAUSES[cause] for cause in check.causes]
    bears = [f"{cause.id}: {cause.title}" for cause in causes]
    none = "" if bears else "none: it illustrates, and chooses what is tried"
    cited = dict.fromkeys(ref for cause in causes for ref in cause.references)
    return Entry(
        "check",
        name,
        check.question,
        (
            *(part for part in rest if part.heading == "Question"),
            Part("Method", first.text),
            *(replace(part, heading="Method") for part in rest if not part.heading),
            *(part for part in rest if part.heading not in ("", "Question")),
            *(
                Part("What misleads it", cause.misleads)
                for cause in causes
                if not own & {"What misleads it", "What it can't say"}
            ),
            *facts("When", [AFFORDED[check.cost]]),
            *facts("Causes it bears on", [*bears, none]),
            *facts("References", [] if "References" in own else list(cited)),
        ),
    )


def _target(name: str) -> Entry:
    target = TARGETS[name]
    first, *rest = parts(target.doc)
    defaults = {key: getattr(value, "value", value) for key, value in target.defaults.items()}
    options = [
        f"{key} (default {defaults[key]})" if key in defaults else key for key in target.options
    ]
    classes = f"Classes {', '.join(target.classes)}." if target.classes else "A real number."
    beside = "It runs with skip=1 beside it, and bounce is named." if target.price_move else ""
    return Entry(
        "target",
        name,
        _asked(first.text),
        (
            *rest,
            *facts("Caution", [target.caution]),
            *facts("Label", [f"{classes} {beside}".strip()]),
            *facts("Needs", [", ".join(target.needs)]),
            *facts("Options", [", ".join(["horizon", "skip (default 0)", *options])]),
            *facts("Use", [f"--target {name}:5,skip=1"]),
            *facts("References", [target.source]),
        ),
    )


def _feature(name: str) -> Entry:
    feature = FEATURES[name]
    first, *rest = parts(feature.doc)
    family = name.removesuffix(f"_{feature.window}")
    same = [f for f in FEATURES.values() if f.source == feature.source and f.doc == feature.doc]
    bars = "its own bar" if feature.lookback == 1 else f"{feature.lookback} bars of its session"
    reads = bars if feature.lookback else "the session so far"
    if feature.sessions_back:
        reads += f" and {feature.sessions_back} earlier sessions of its symbol"
    windows = sorted(f.window for f in same if f.window is not None)
    return Entry(
        "feature",
        name if feature.window is None else f"{family}_w",
        first.text,
        (
            *rest,
            *facts("Windows", [", ".join(f"{family}_{w}" for w in windows)]),
            *facts("Reads", [reads if len(windows) < 2 else f"w = {feature.window}: {reads}"]),
            *facts("Needs", [", ".join(feature.needs) or "only the order of bars"]),
            *facts(
                "Use", [f"--features {name}, or its family with --features group:{feature.group}"]
            ),
            *facts("References", [feature.source]),
        ),
    )


def _intervention(name: str) -> Entry:
    change = INTERVENTIONS[name]
    first, *rest = parts(change.__doc__)
    turns = ", ".join(getattr(change, "turns", ())) or "the setting that it names"
    how = f"how it is learned: {turns}" if issubclass(change, SettingChange) else "what is asked"
    return Entry("intervention", name, first.text, (*rest, *facts("Changes", [how])))


def _scenario(name: str) -> Entry:
    scenario = SCENARIOS[name.removeprefix("sim:")]
    _, *rest = parts(scenario.__doc__)
    true = [f"{cause}: {CAUSES[cause].title}" for cause in scenario.causes]
    return Entry(
        "scenario",
        name,
        scenario.story,
        (
            *rest,
            *facts("Causes that hold", true or ["None: nothing is wrong."]),
            *facts("Notes", scenario.notes),
            *facts("Asks", [f"--target {scenario.default_target} --features {scenario.features}"]),
            *facts("Use", [f"fireassay diagnose {name}"]),
        ),
    )


def _learner(name: str) -> Entry:
    settings = default_settings(name)
    known = list(type(settings).model_fields)
    first, *rest = parts(_learner_doc(name))
    return Entry(
        "learner",
        name,
        first.text,
        (
            *rest,
            *facts("Settings", [", ".join(known) or "none"]),
            *facts("Use", [f"--model {name}"]),
        ),
    )


def _learner_doc(name: str) -> str:
    from fireassay.models.probes import PROBES
    from fireassay.training.settings import NETWORKS

    if name in NETWORK_TEXT:
        return NETWORK_TEXT[name]
    if name in NETWORKS:
        return f"The causal Transformer with {NETWORKS[name].value}."
    return PROBES[name].__doc__ or ""


NETWORK_TEXT = {
    "bayesian": """A causal Transformer over sessions with a mean-field posterior over its weights.

    It minimises the mean NLL of a label plus kl_weight / N times the KL between posterior and prior,
    in nats, N the labels of the training sessions: kl_weight = 1 is exact variational Bayes.

    References: Blundell et al. (2015), Weight uncertainty in neural networks, arXiv:1505.05424
    """,
    "transformer": """The same causal Transformer with a point estimate of its weights.

    References: Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762
    """,
    "tiny_transformer": """A deterministic Transformer of one layer, 16 wide: a reference in seconds.

    It finds products of features, as trees do, and earlier bars, up to 31, as random convolutions do.
    It stops by the validation sessions, on which it isn't fitted.
    """,
    "mc_dropout": """The same Transformer with dropout that stays on for predictions.

    References: Gal and Ghahramani (2016), Dropout as a Bayesian approximation, arXiv:1506.02142
    """,
    "deep_ensemble": """Transformers with point estimates from several seeds, averaged.

    References: Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation
    using deep ensembles, arXiv:1612.01474
    """,
    "laplace": """A Transformer with a Laplace approximation of its head, made after training.

    References: Daxberger et al. (2021), Laplace redux, arXiv:2106.14806
    """,
}
"""What the networks are; a posterior without a text of its own is named."""


@cache
def _setting_fields() -> dict[str, tuple[str, FieldInfo]]:
    """Return every key of a study with its field; the model's settings under their own name."""
    from fireassay.data.settings import DataSettings, SplitSettings
    from fireassay.study import DiagnosisSettings, ScanSettings, Study
    from fireassay.training.settings import NetSettings

    fields: dict[str, tuple[str, FieldInfo]] = {}
    for prefix, model in (
        ("settings.", NetSettings),
        ("data.", DataSettings),
        ("split.", SplitSettings),
        ("diagnosis.", DiagnosisSettings),
        ("scan.", ScanSettings),
        ("", Study),
    ):
        for name, field in model.model_fields.items():
            if field.description:
                fields.setdefault(name, (f"{prefix}{name}", field))
    return fields


def _setting(name: str) -> Entry:
    key, field = _setting_fields()[name]
    default = field.get_default(call_default_factory=True)
    bounds = [_bound(one) for one in field.metadata]
    kinds = getattr(field.annotation, "__members__", None)
    values = ", ".join(str(v.value) for v in kinds.values()) if kinds else ""
    return Entry(
        "setting",
        name,
        field.description or "",
        (
            *facts("Values", [values or ", ".join(b for b in bounds if b)]),
            *facts("Default", ["none" if default is None else _shown(default)]),
            *facts("Key of a study.toml", [key]),
        ),
    )


def _bound(one: Any) -> str:
    signs = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
    return next((f"{signs[n]} {getattr(one, n)}" for n in signs if hasattr(one, n)), "")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return str(getattr(value, "value", value))


def _asked(text: str) -> str:
    """Return a target's first line as the question that it is."""
    return f"{text[:-1]}?" if text.startswith(("Will ", "How ", "Which ")) else text


def _scenarios() -> list[str]:
    return [f"sim:{name}" for name in SCENARIOS]


KINDS = (
    Kind("cause", "causes", lambda: CAUSES, _cause),
    Kind("check", "checks", lambda: CHECKS, _check),
    Kind("target", "targets", lambda: TARGETS, _target),
    Kind("feature", "features", lambda: FEATURES, _feature),
    Kind("learner", "learners", learner_names, _learner),
    Kind("setting", "settings", _setting_fields, _setting),
    Kind("intervention", "interventions", lambda: INTERVENTIONS, _intervention),
    Kind("scenario", "scenarios", _scenarios, _scenario),
)
"""In the order in which a name that several share is explained."""
