"""The verbs: each parses its flags, calls one function of the library, and prints what it returns."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fireassay.cli.answers import Verbs, answered, gate, known_causes, resumable, write_file
from fireassay.cli.deferred import deferred
from fireassay.cli.live import Output, watching
from fireassay.cli.options import Flag, flags, with_flags
from fireassay.clinic.patient import Half
from fireassay.training.environment import share_processors

if TYPE_CHECKING:
    import polars as pl

    from fireassay.clinic.visit import Visit
    from fireassay.findings import Diagnosis
    from fireassay.study import Study

app = typer.Typer(
    cls=Verbs,
    name="fireassay",
    help="My model is not learning: is it the model, the training, the prior, the label or the data?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    str, typer.Argument(help="CSV or Parquet file, glob or folder; SQL URL; or sim:NAME.")
]
StudyFile = Annotated[
    Path | None, typer.Option("--study", help="A study.toml; each flag overrides one of its keys.")
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Run folder; reuse it to resume.")]
How = Annotated[Output, typer.Option("--output", help="Progress: rich, jsonl or quiet.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any setting of the model as NAME=VALUE; may be repeated."),
]
Gate = Annotated[
    bool, typer.Option("--exit-code", help="End with status 1 if a cause is supported: for CI.")
]
GateOn = Annotated[
    str | None,
    typer.Option("--exit-code-on", help="Only these causes, comma-separated, give status 1."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="CANONICAL=NAME of a column, such as time=when; repeatable."),
]

# Flags are made of settings models only when a verb is used: the list of verbs starts fast.


def data_flags() -> list[Flag]:
    """Return the flags of what is read, learned and held out."""
    from fireassay.data.settings import DataSettings, SplitSettings
    from fireassay.study import TABLES, Study

    return [
        *flags(
            DataSettings,
            "data.",
            "Data",
            skip=("location", "columns"),
            names={"sessions": ("sessions", "session")},
        ),
        *flags(Study, "", "Study", skip=(*TABLES, "log")),
        *flags(SplitSettings, "split.", "Study"),
    ]


def model_flags() -> list[Flag]:
    """Return the flags of the networks' settings."""
    from fireassay.training.settings import NetSettings

    return flags(NetSettings, "settings.", "Model settings (networks)")


def judging_flags() -> list[Flag]:
    """Return the flags of how a training is judged."""
    from fireassay.study import DiagnosisSettings

    return flags(
        DiagnosisSettings,
        "diagnosis.",
        "Judging",
        skip=("budget", "apply"),
        names={"draws": ("permutations",)},
    )


def diagnosis_flags() -> list[Flag]:
    """Return the flags of what a diagnosis looks for and may cost."""
    from fireassay.study import DiagnosisSettings

    return flags(DiagnosisSettings, "diagnosis.", "Diagnosis", names={"draws": ("permutations",)})


def scan_flags() -> list[Flag]:
    """Return the flags of what a scan tries."""
    from fireassay.study import DiagnosisSettings, ScanSettings

    others = [name for name in DiagnosisSettings.model_fields if name not in ("alpha", "ledger")]
    named = {"skips": ("skip",), "draws": ("permutations",)}
    return [
        *flags(ScanSettings, "scan.", "Scan", names={**named}),
        *flags(DiagnosisSettings, "diagnosis.", "Scan", skip=others),
    ]


def log_flags() -> list[Flag]:
    """Return the flag of where runs are logged as well."""
    from fireassay.study import Study

    others = [name for name in Study.model_fields if name != "log"]
    return flags(Study, "", "Logging", skip=others)


def sweep_flags() -> list[Flag]:
    """Return the flags of how a space is searched."""
    from fireassay.study import SweepSettings

    return flags(SweepSettings, "sweep.", "Search", skip=("grid", "vary"))


class Form(StrEnum):
    """Forms of a report."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def verb(
    *groups: Callable[[], list[Flag]], name: str | None = None
) -> Callable[[Callable[..., None]], None]:
    """Register a function as a verb with the flags of the groups."""

    def register(function: Callable[..., None]) -> None:
        def command() -> Callable[..., None]:
            made = [group() for group in groups]
            return answered(with_flags(function, made) if made else function)

        deferred(app, name or function.__name__.replace("_", "-"), function.__doc__ or "", command)

    return register


@verb(log_flags, data_flags, diagnosis_flags, model_flags)
def diagnose(
    data: Data = "",
    study: StudyFile = None,
    out: Out = None,
    output: How = Output.RICH,
    column: Columns = None,
    set_: Sets = None,
    exit_code: Gate = False,
    exit_code_on: GateOn = None,
    changes: dict[str, Any] = {},  # noqa: B006  (filled by with_flags)
) -> None:
    """Find out why a model doesn't learn, and write the report."""
    causes = known_causes(exit_code_on)
    chosen = _study(data, study, column, set_, changes)
    found = _diagnose(chosen, out or _folder("diagnose"), output)
    if exit_code or causes is not None:
        gate(found, causes)


@verb(data_flags)
def inspect(
    data: Data = "",
    study: StudyFile = None,
    out: Out = None,
    output: How = Output.RICH,
    column: Columns = None,
    exit_code: Gate = False,
    exit_code_on: GateOn = None,
    changes: dict[str, Any] = {},  # noqa: B006  (filled by with_flags)
) -> None:
    """Tell what the label and the features are, in seconds, before anything is trained."""
    from fireassay import lab
    from fireassay.report import render

    causes = known_causes(exit_code_on)
    chosen = _study(data, study, column, None, changes)
    with watching(output) as watch:
        found = lab.inspect(chosen, out, watch=watch)
    typer.echo(render(found, "terminal"))
    if out is not None:
        typer.echo(str(out / "report.html"))
    if exit_code or causes is not None:
        gate(found, causes)


@verb(data_flags, scan_flags)
def scan(
    data: Data = "",
    study: StudyFile = None,
    out: Out = None,
    output: How = Output.RICH,
    column: Columns = None,
    changes: dict[str, Any] = {},  # noqa: B006  (filled by with_flags)
) -> None:
    """Tell which targets could be learned from the features, all of them tested together."""
    from fireassay import lab
    from fireassay.report import render

    chosen = _study(data, study, column, None, changes)
    with watching(output) as watch:
        found = lab.scan(chosen, out, watch=watch)
    typer.echo(render(found, "terminal"))
    if out is not None:
        typer.echo(str(out / "report.html"))


@verb(log_flags, data_flags, judging_flags, model_flags)
def train(
    data: Data = "",
    study: StudyFile = None,
    out: Out = None,
    output: How = Output.RICH,
    column: Columns = None,
    set_: Sets = None,
    changes: dict[str, Any] = {},  # noqa: B006  (filled by with_flags)
) -> None:
    """Train a model and tell what it is worth on later sessions."""
    from fireassay import lab
    from fireassay.report import render

    chosen = _study(data, study, column, set_, changes)
    folder = out or _folder("train")
    with resumable("train", folder), watching(output) as watch:
        found = lab.train(chosen, folder, watch=watch)
    if output is not Output.QUIET:
        typer.echo(render(found, "terminal"))
    typer.echo(str(folder / "report.html"))


@verb()
def predict(
    run: Annotated[Path, typer.Argument(help="Run folder of a training.")],
    data: Annotated[
        str, typer.Argument(help="Data as `train` takes it; empty: that of the training.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Parquet or CSV file to write.")
    ] = None,
    draws: Annotated[int | None, typer.Option(min=1, help="Posterior draws.")] = None,
    output: How = Output.RICH,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="How the data is read, where it isn't as in the training."),
    ] = None,
) -> None:
    """Ask a trained model about every bar: its mean, and what it isn't sure of."""
    from fireassay import lab

    path = out or run / "predicted.parquet"
    with watching(output) as watch:
        found = lab.predict(run, data, draws=draws, watch=watch, **_pairs(set_))
    _write_table(found, path)
    if output is not Output.QUIET:
        from fireassay.kept import summary

        typer.echo(summary(found))
    typer.echo(str(path))


@verb()
def explain_metrics(
    prevalence: Annotated[float, typer.Option(help="Share of class 1 among the labels.")],
    n: Annotated[int, typer.Option("--n", help="Number of test labels.")],
    train_f1: Annotated[float | None, typer.Option(help="F1 on the training data.")] = None,
    test_f1: Annotated[float | None, typer.Option(help="F1 on the test data.")] = None,
    train_accuracy: Annotated[float | None, typer.Option(help="Accuracy on training data.")] = None,
    test_accuracy: Annotated[float | None, typer.Option(help="Accuracy on test data.")] = None,
    train_auc: Annotated[float | None, typer.Option(help="AUC on training data.")] = None,
    test_auc: Annotated[float | None, typer.Option(help="AUC on test data.")] = None,
    train_n: Annotated[int | None, typer.Option(help="Number of training labels.")] = None,
    effective: Annotated[
        float | None, typer.Option(help="Independent test labels, where outcomes overlap.")
    ] = None,
) -> None:
    """Tell what printed train and test metrics can and can't mean."""
    from fireassay.cli.tables import metrics_table
    from fireassay.statistics.metrics_reading import Printed, read_metrics

    reading = read_metrics(
        Printed(train_accuracy, train_f1, train_auc),
        Printed(test_accuracy, test_f1, test_auc),
        prevalence=prevalence,
        labels=n,
        train_labels=train_n,
        effective=effective,
    )
    metrics_table(reading)


@verb()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder.")] = Path("runs/demo"),
    budget: Annotated[str, typer.Option("--budget", help="Time it may take.")] = "3m",
    output: How = Output.RICH,
) -> None:
    """Diagnose the embedded reference case: a Bayesian Transformer that doesn't learn."""
    changes = {"diagnosis.budget": budget, "diagnosis.apply": True}
    _diagnose(_study("sim:vwap-noise", None, None, None, changes), out, output)


@verb()
def gauntlet(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; reuse it to go on or to add seeds.")
    ] = None,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", help="Only this one; may be repeated.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Patients of each kind.")] = 10,
    quick: Annotated[bool, typer.Option("--quick", help="Six kinds, one of each.")] = False,
    half: Annotated[Half, typer.Option(help="Half of the parameter ranges.")] = Half.REPORTED,
    budget: Annotated[str, typer.Option(help="What one diagnosis may take.")] = "unlimited",
    jobs: Annotated[int | None, typer.Option(min=1, help="Diagnoses side by side.")] = None,
    output: How = Output.RICH,
) -> None:
    """Send simulated patients through the diagnosis: how often is it right, how often wrong."""
    from fireassay.cli.tables import gauntlet_table, told_visit
    from fireassay.clinic.run import QUICK
    from fireassay.clinic.run import gauntlet as run

    folder = out or _folder("gauntlet")
    names, count = (patient or QUICK, 1) if quick else (patient or (), seeds)
    with watching(output) as watch:
        watch.note(f"visits are kept in {folder}")
        watch.phase("seeing patients")

        def seen(made: Visit, done: int, of: int) -> None:
            watch.note(told_visit(made, done, of))
            watch.share(done / of)

        counted = run(folder, names, half=half, seeds=count, budget=budget, jobs=jobs, news=seen)
    if output is not Output.QUIET:
        gauntlet_table(counted)
    typer.echo(str(folder / "gauntlet.md"))


@verb()
def report(
    run: Annotated[Path, typer.Argument(help="Run folder, or its diagnosis.json.")],
    form: Annotated[Form, typer.Option("--format", "-f", help="Form of the report.")] = Form.TERMINAL,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")] = None,
) -> None:
    """Show the report of a run again, in another form."""
    from fireassay.report import read, render

    text = render(read(run), form.value)
    if out is None:
        typer.echo(text)
    else:
        write_file(out, text)
        typer.echo(str(out))


@verb()
def simulate(
    out: Annotated[Path, typer.Argument(help="Parquet or CSV file to write.")],
    case: Annotated[str, typer.Option("--case", help="Scenario.")] = "vwap-noise",
    sessions: Annotated[int | None, typer.Option(help="Sessions of each symbol.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed gives other data.")] = 0,
    set_: Sets = None,
) -> None:
    """Write data with a known truth, and the truth beside it."""
    from fireassay.data.simulate import write

    for path in write(out, case, sessions=sessions, seed=seed, **_pairs(set_)):
        typer.echo(str(path))


def _diagnose(study: Study, folder: Path, output: Output) -> Diagnosis:
    """Diagnose, print the report, say where it lies, and return it."""
    from fireassay import lab
    from fireassay.report import render

    with resumable("diagnose", folder), watching(output) as watch:
        found = lab.diagnose(study, folder, watch=watch)
    if output is not Output.QUIET:
        typer.echo(render(found, "terminal"))
    typer.echo(f"{folder / 'report.html'}")
    return found


def _write_table(table: pl.DataFrame, path: Path) -> None:
    from fireassay.errors import SettingError

    if path.suffix not in (".parquet", ".csv"):
        raise SettingError(
            f"can't write {path.suffix or 'this kind of'} files",
            where=str(path),
            fix="Name it .parquet or .csv.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_parquet(path) if path.suffix == ".parquet" else table.write_csv(path)
    except OSError as error:
        raise SettingError(f"it can't be written ({error.strerror})", where=str(path)) from None


def main() -> None:
    """Run the command line."""
    share_processors()
    app()


def _study(
    data: str,
    path: Path | None,
    columns: list[str] | None,
    sets: list[str] | None,
    changes: dict[str, Any],
) -> Study:
    """Return the study that the flags describe."""
    from fireassay.study import resolve

    values = dict(changes)
    values |= {f"settings.{k}": v for k, v in _pairs(sets).items()}
    values |= {f"data.columns.{k}": v for k, v in _pairs(columns).items()}
    return resolve(data, path, **values)


def _pairs(texts: list[str] | None) -> dict[str, Any]:
    """Read NAME=VALUE texts; values that are TOML are read as TOML, others are text."""
    import tomllib

    from fireassay.errors import SettingError

    pairs: dict[str, Any] = {}
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not sign:
            raise SettingError(f"can't read {text!r}", fix="Write NAME=VALUE.")
        try:
            pairs[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            pairs[name] = value
    return pairs


def _folder(name: str) -> Path:
    """Return a run folder that isn't there yet."""
    from datetime import datetime

    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return Path("runs") / f"{stamp}-{name}"
