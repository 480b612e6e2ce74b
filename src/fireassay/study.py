"""Study: the frozen, validated description of a run, as study.toml holds it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from fireassay.data.settings import DataSettings, SplitSettings
from fireassay.errors import SettingError, listed, nearest, unknown_name

if TYPE_CHECKING:
    from fireassay.data.targets import TargetSpec

BUDGETS = {"1m": 60.0, "3m": 180.0, "15m": 900.0, "unlimited": float("inf")}

TABLES = ("data", "split", "settings", "diagnosis", "scan", "sweep")
"""Tables of a study, whose keys are flags and keywords themselves."""

SHOWN = 4
"""Differences that an error lists."""


class DiagnosisSettings(BaseModel):
    """What a diagnosis looks for and may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: str = Field("3m", description="Time it may take: 90s, 3m, 1h, or unlimited.")
    effect: float | None = Field(
        None,
        gt=0,
        description="The effect that matters, above chance: AUC (default .03) or rank IC (.05).",
    )
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of every decision, after correction.")
    draws: int = Field(999, ge=19, description="Permutations behind every p.")
    seeds: int = Field(1, ge=1, description="Training runs of every configuration.")
    stop_early: bool = Field(
        True, description="Leave out what only illustrates a verdict once it is settled."
    )
    apply: bool = Field(False, description="Train with the changed settings and report the gain.")
    ledger: str = Field(
        "beside",
        description="Where all that is tried is written down and counted: beside (ledger.jsonl "
        "beside the run folder), off, or a file.",
    )

    @property
    def limit_s(self) -> float:
        """The budget in seconds."""
        return seconds(self.budget)


class ScanSettings(BaseModel):
    """What a scan of targets tries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: tuple[str, ...] = Field(
        ("catalogue",), description="catalogue, or names of targets; NAME:HORIZON fixes the horizon."
    )
    horizons: tuple[int, ...] = Field((1, 2, 5, 10, 15), description="Bars of outcome.")
    skips: tuple[int, ...] = Field((0, 1), description="Bars left out before the outcome.")
    draws: int = Field(199, ge=19, description="Permutations, the same for all targets.")
    groups: bool = Field(True, description="Ask which groups of features carry the best targets.")


class Range(BaseModel):
    """Values between two ends, both of them possible."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float = Field(description="Least value.")
    high: float = Field(description="Largest value.")
    log: bool = Field(False, description="Whether decades count alike.")
    step: float | None = Field(None, gt=0, description="Distance of values from one another.")

    def __str__(self) -> str:
        last = ":log" if self.log else "" if self.step is None else f":{self.step:g}"
        return f"{self.low:g}:{self.high:g}{last}"

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read LOW:HIGH, LOW:HIGH:log or LOW:HIGH:STEP.

        Raises
        ------
        ValueError
            If it can't be read as one.
        """
        parts = text.split(":")
        if len(parts) not in (2, 3):
            raise ValueError(f"{text!r} is no range; write LOW:HIGH, LOW:HIGH:log or LOW:HIGH:STEP")
        values: dict[str, Any] = dict(zip(("low", "high"), parts, strict=False))
        if len(parts) == 3:
            values |= {"log": True} if parts[2] == "log" else {"step": parts[2]}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(f"{text!r} is no range: {message}") from None

    @model_validator(mode="after")
    def _possible(self) -> Range:
        if not self.low < self.high:
            raise ValueError("its ends are in the wrong order")
        if self.log and self.low <= 0:
            raise ValueError("it begins at or below 0, where there are no decades")
        if self.log and self.step is not None:
            raise ValueError("it has either log or a step")
        return self


class SweepSettings(BaseModel):
    """What a sweep tries: a grid, or a space that Optuna searches by the validation loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: dict[str, tuple[Any, ...]] = Field(
        default_factory=dict, description="Values by setting; all combinations are trained."
    )
    vary: dict[str, Range | tuple[Any, ...]] = Field(
        default_factory=dict,
        description="A range or choices by setting; Optuna picks from them what to train.",
    )
    trials: int = Field(
        20, ge=1, le=1000, description="Configurations that a search with --vary tries."
    )
    batch: int = Field(
        8,
        ge=1,
        le=1000,
        description="Configurations that a search picks at once; those of equal shape train in "
        "lockstep.",
    )

    @field_validator("vary", mode="before")
    @classmethod
    def _read(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {k: Range.parse(v) if isinstance(v, str) else v for k, v in values.items()}


class Study(BaseModel):
    """Everything that a run needs; the run folder keeps it resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DataSettings = Field(default_factory=DataSettings)
    features: tuple[str, ...] = Field(
        ("catalogue",),
        description="catalogue, group:NAME, a feature's name, or columns:PATTERN for your own.",
    )
    target: str = Field("vwap_reversion:1", description="NAME:HORIZON,option=value or column:NAME.")
    label_end: str = Field(
        "",
        description="When a label of yours is known: so many bars later (5), or column:NAME with the "
        "time, or with the bars until then.",
    )
    split: SplitSettings = Field(default_factory=SplitSettings)
    scaling: Literal["standard", "robust", "none"] = Field(
        "standard", description="How features are scaled, fitted on training sessions."
    )
    model: str = Field(
        "bayesian",
        description="The learner: bayesian, transformer, mc_dropout, deep_ensemble, laplace, "
        "linear, ...",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Settings of the learner; what is left out is its default."
    )
    diagnosis: DiagnosisSettings = Field(default_factory=DiagnosisSettings)
    scan: ScanSettings = Field(default_factory=ScanSettings)
    sweep: SweepSettings = Field(default_factory=SweepSettings)
    device: str = Field("auto", description="auto, cpu, cuda or mps.")
    seed: int = Field(0, description="Every draw derives from it.")
    log: tuple[str, ...] = Field(
        (), description="Where runs are logged beside the run folder: mlflow, tensorboard."
    )

    @property
    def spec(self) -> TargetSpec:
        """The target, read."""
        from fireassay.data.targets import TargetSpec

        spec = TargetSpec.parse(self.target)
        end = self.label_end.removeprefix("column:")
        return replace(spec, end=end) if end else spec

    @property
    def needs_prices(self) -> bool:
        """Whether a feature or the target is of the catalogue."""
        own = all(item.startswith("columns:") for item in self.features)
        return not (own and self.target.startswith("column:"))

    def learner_settings(self) -> BaseModel:
        """Return the learner's settings, validated.

        Raises
        ------
        SettingError
            If the learner or one of its settings isn't known, or a value isn't possible.
        """
        from fireassay.training.learner import default_settings

        default = default_settings(self.model)
        known = type(default).model_fields
        for name in self.settings:
            if name not in known:
                raise unknown_name(f"setting of {self.model}", name, known)
        try:
            given = default.model_dump(exclude_unset=True)
            return type(default).model_validate({**given, **self.settings})
        except ValidationError as error:
            raise told(error, f"settings of {self.model}") from None

    def to_toml(self) -> str:
        """Return the study as TOML; `from_toml` gives an equal one back."""
        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))

    @classmethod
    def from_toml(cls, path: Path | str) -> Study:
        """Read a study file.

        Raises
        ------
        SettingError
            If it isn't there, isn't TOML, or holds a key or value that isn't possible.
        """
        return build_study(_read_toml(Path(path)), where=str(path))


def differences(one: Study, other: Study) -> list[tuple[str, Any, Any]]:
    """Return the keys that differ between two studies, with both values; None where it isn't set."""
    first, second = (dict(_leaves(study.model_dump(mode="json"))) for study in (one, other))
    return [
        (key, first.get(key), second.get(key))
        for key in dict.fromkeys([*first, *second])
        if first.get(key) != second.get(key)
    ]


def refuse_other_study(study: Study, folder: Path | str) -> None:
    """Raise SettingError if runs of another study, or a diagnosis, lie in the folder.

    What a diagnosis looks for (`diagnosis.*`) and where runs are logged change no run, so they may
    differ.
    """
    from fireassay.training.store import holds_runs

    root = Path(folder)
    refuse_other_verb(root, "diagnosis.json", "a diagnosis")
    if not (root / "study.toml").exists() or not holds_runs(root):
        return
    unlike = [
        f"{key} = {_said(before)} there and {_said(now)} here"
        for key, before, now in differences(Study.from_toml(root / "study.toml"), study)
        if not key.startswith(("diagnosis.", "log"))
    ]
    if unlike:
        raise SettingError(
            f"the folder holds another study: {'; '.join(unlike[:SHOWN])}"
            + (f"; and {len(unlike) - SHOWN} more" if len(unlike) > SHOWN else ""),
            where=str(root),
            fix="Give another folder with --out, or the settings that it was begun with.",
        )


def refuse_other_verb(folder: Path | str, name: str, what: str) -> None:
    """Raise SettingError if a folder holds the result of another verb, told by its file."""
    if (Path(folder) / name).exists():
        raise SettingError(
            f"the folder holds {what}", where=str(folder), fix="Give another folder with --out."
        )


def _said(value: Any) -> str:
    return "unset" if value is None else repr(value)


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def build_study(values: dict[str, Any], where: str = "study") -> Study:
    """Validate plain values as a study; raises SettingError, told by key."""
    try:
        return Study.model_validate(values)
    except ValidationError as error:
        raise told(error, where, Study) from None


def resolve(location: str = "", path: Path | str | None = None, **changes: Any) -> Study:
    """Return the study of a file (or the defaults), a location, and changed keys.

    What a `sim:` location leaves open is filled in from its scenario: target, features, model and
    the settings that make up the case.

    Parameters
    ----------
    location
        In place of the file's `data.location`.
    path
        A study.toml.
    **changes
        Dotted keys and their values: {"data.sessions": "calendar:XNYS"}.

    Examples
    --------
    >>> study = fireassay.resolve("bars.parquet", "study.toml", **{"settings.epochs": 30})
    >>> fireassay.train(study=study, out="runs/longer")
    """
    values = {} if path is None else _read_toml(Path(path))
    where = "study" if path is None else str(path)
    if location:
        changes = {"data.location": location, **changes}
    for key, value in changes.items():
        *parts, last = key.split(".")
        at = values
        for part in parts:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise SettingError(
                    f"{part} = {at!r} is no table", where=where, fix=f"Write [{part}]."
                )
        at[last] = value
    return build_study(_with_scenario(values), where=where)


def _with_scenario(values: dict[str, Any]) -> dict[str, Any]:
    """Fill what a `sim:` location leaves open from its scenario."""
    data = values.get("data")
    location = data.get("location") if isinstance(data, dict) else None
    if not isinstance(location, str) or not location.startswith("sim:"):
        return values
    from fireassay.data.simulate import truth_of
    from fireassay.data.sources.simulated import parse

    case, seed, parameters = parse(location)
    truth = truth_of(case, seed=seed, **parameters)
    settings = dict(truth.settings)
    model = settings.pop("model", None)
    # Some settings of a case are the study's own, such as how features are scaled.
    own = {name: settings.pop(name) for name in list(settings) if name in Study.model_fields}
    filled = {"target": truth.target, "features": truth.features.split(","), **own, **values}
    if "target" not in values and truth.label_end:
        filled["label_end"] = truth.label_end
    if model and values.get("model", model) == model:
        filled["model"] = model
        filled["settings"] = {**settings, **values.get("settings", {})}
    return filled


def _read_toml(path: Path) -> dict[str, Any]:
    where = str(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingError("no such study file", where=where, fix="Check its path.") from None
    except UnicodeDecodeError:
        raise SettingError(
            "the text is not UTF-8", where=where, fix="Save the file as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingError(
            f"it isn't TOML: {error}", where=where, fix='Write KEY = VALUE, texts in "…".'
        ) from None
    except OSError as error:
        cause = error.strerror or str(error)
        raise SettingError(
            f"it can't be read ({cause})", where=where, fix="Give the path of a study.toml."
        ) from None
    if "columns" in values:  # the mapping as errors show it; it belongs to [data]
        columns = values.pop("columns")
        data = values.setdefault("data", {})
        if isinstance(data, dict):
            data.setdefault("columns", columns)
    return values


_SAID = {
    "date_from_datetime_parsing": "it is no date; write 2016-01-31",
    "date_parsing": "it is no date; write 2016-01-31",
    "date_type": "it is no date; write 2016-01-31",
    "dict_type": "it is no table; write [TABLE] and its keys below",
    "model_type": "it is no table; write [TABLE] and its keys below",
    "tuple_type": "it is no list; write [VALUE, VALUE]",
}
"""Faults that pydantic tells in words of its own trade."""


def told(error: ValidationError, where: str, model: type[BaseModel] | None = None) -> SettingError:
    """Turn pydantic's report into one line about the first fault.

    Parameters
    ----------
    error
        What pydantic reports.
    where
        The file or what else holds the values.
    model
        What was validated, to name the key nearest to an unknown one.
    """
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        names = _fields(model, first["loc"][:-1]) if model else []
        near = nearest(str(first["loc"][-1]), names)
        fix = f"Did you mean {' or '.join(near)}?" if near else f"Known: {listed(names)}."
        return SettingError(f"unknown key {key}", where=where, fix=fix if names else "Leave it out.")
    message = _SAID.get(first["type"], first["msg"].removeprefix("Value error, "))
    if not key:
        return SettingError(message, where=where)
    said = f"{message[:1].lower()}{message[1:]}"
    return SettingError(f"{key} = {first['input']!r}: {said}", where=where)


def _fields(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """Return the keys that a model has at a path of nested models."""
    for part in path:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def seconds(text: str) -> float:
    """Read a duration: 90s, 3m, 1h, or unlimited.

    Raises
    ------
    SettingError
        If it can't be read as one.
    """
    if text in BUDGETS:
        return BUDGETS[text]
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    try:
        if unit is None:
            raise ValueError
        value = float(text[:-1]) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise SettingError(
            f"budget {text!r} isn't a duration", fix="Write it as 90s, 3m, 1h or unlimited."
        )
    return value


def _without_none(value: Any) -> Any:
    """TOML has no null: a key that is None is left out."""
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value
