"""The verbs as functions: `fireassay diagnose DATA --target T` is `diagnose(DATA, target=T)`.

Keywords are named as the flags are (`--learning-rate` is `learning_rate`); their values are those of
a study.toml. What a verb needs that isn't a setting comes first: the data, a study, a run folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireassay import lab
from fireassay.api.run import TrainedRun, load_run
from fireassay.api.settings import described
from fireassay.bookkeeping import read_ledger
from fireassay.compared import Compared
from fireassay.comparison import compare as compared
from fireassay.findings import Diagnosis
from fireassay.report import comparison as comparison_report
from fireassay.report import ledger as ledger_report
from fireassay.report import read
from fireassay.report import render as rendered
from fireassay.report import sweep as sweep_report
from fireassay.search.run import sweep as swept
from fireassay.study import Study
from fireassay.swept import Swept
from fireassay.trained import Trained
from fireassay.tried import Ledger

if TYPE_CHECKING:
    import polars as pl

    from fireassay.data.simulate import Truth


def diagnose(
    data: object = None,
    *,
    study: Study | Path | str | None = None,
    out: Path | str | None = None,
    watch: lab.Watch | None = None,
    **settings: Any,
) -> Diagnosis:
    """Find out why a model doesn't learn.

    Parameters
    ----------
    data
        CSV or Parquet file, glob or folder; SQL URL; `sim:NAME`; or a Polars, pandas or Arrow table.
    study
        A study, or the path of a study.toml; each keyword overrides one of its keys.
    out
        Run folder, which gets diagnosis.json and the reports; None: a new one under runs/.
    watch
        What is told while it works; None: nothing.
    **settings
        As the flags of `fireassay diagnose`: target, model, features, sessions, budget, epochs, ...
        `model` may be a class or function that makes a PyTorch module of your own, given the numbers
        of features and of outputs; `loss` your own loss of (outputs, y).

    Returns
    -------
    Diagnosis
        Causes, evidence and prescriptions; a notebook shows it as its report.

    Raises
    ------
    UserError
        If the data or a setting can't be used.

    Examples
    --------
    >>> found = fireassay.diagnose("bars.parquet", target="vwap_reversion:1", budget="3m")
    >>> found.primary
    ('no_signal',)
    >>> print(fireassay.render(found, "terminal"))
    >>> fireassay.diagnose("bars.parquet", model=MyNet, loss=my_loss, look_back=32)
    """
    chosen, frame = described(data, study, settings)
    return lab.diagnose(chosen, out or new_folder("diagnose"), frame, watch)


def inspect(
    data: object = None,
    *,
    study: Study | Path | str | None = None,
    out: Path | str | None = None,
    watch: lab.Watch | None = None,
    **settings: Any,
) -> Diagnosis:
    """Tell what the label and the features are, in seconds, before anything is trained.

    Parameters
    ----------
    data, study, watch, **settings
        As in `diagnose`.
    out
        Where to write the report; None: nowhere.

    Examples
    --------
    >>> found = fireassay.inspect("sim:learnable", target="direction:1")
    >>> found.evidence["label"].reading
    """
    chosen, frame = described(data, study, settings)
    return lab.inspect(chosen, out, frame, watch)


def scan(
    data: object = None,
    *,
    study: Study | Path | str | None = None,
    out: Path | str | None = None,
    watch: lab.Watch | None = None,
    **settings: Any,
) -> Diagnosis:
    """Tell which targets could be learned from the features, all of them tested together.

    Parameters
    ----------
    data, study, watch
        As in `diagnose`.
    out
        Where to write the report; None: nowhere.
    **settings
        As the flags of `fireassay scan`: targets, horizons, skips, groups, permutations, ...; what
        `target` names is tried too, and marked as yours.

    Examples
    --------
    >>> found = fireassay.scan("bars.parquet", horizons=(1, 5))
    >>> found.evidence["targets"].table[0]["target"]
    """
    if "permutations" in settings:
        settings["scan.draws"] = settings.pop("permutations")
    chosen, frame = described(data, study, settings)
    return lab.scan(chosen, out, frame, watch)


def train(
    data: object = None,
    *,
    study: Study | Path | str | None = None,
    out: Path | str | None = None,
    watch: lab.Watch | None = None,
    **settings: Any,
) -> TrainedRun:
    """Train a model and tell what it is worth on later sessions.

    Parameters
    ----------
    data, study, watch
        As in `diagnose`.
    out
        Run folder; one in which the same study was begun is gone on with. None: a new one under
        runs/.
    **settings
        As the flags of `fireassay train`: target, model, seeds, epochs, learning_rate, ...

    Returns
    -------
    TrainedRun
        The account, the history, the predictions and the weights.

    Raises
    ------
    UserError
        If the data or a setting can't be used, or the folder holds something else.

    Examples
    --------
    >>> run = fireassay.train("sim:learnable", model="bayesian", epochs=5, out="runs/first")
    >>> run.score, run.p
    (0.64, 0.001)
    >>> run.history.select("epoch", "test_nll", "kl")
    >>> run.predict("tomorrow.parquet")
    """
    chosen, frame = described(data, study, settings)
    folder = Path(out or new_folder("train"))
    lab.train(chosen, folder, frame, watch)
    return load_run(folder)


def compare(*runs: TrainedRun | Path | str, alpha: float = 0.05, draws: int = 1999) -> Compared:
    """Tell which settings of finished trainings differ, and whether one is better than the first.

    Parameters
    ----------
    *runs
        Two or more trained runs or their folders; each is compared with the first.
    alpha
        Level at which a gain is called one.
    draws
        Sign flips of whole dates behind every p, and bootstrap draws behind every interval.

    Returns
    -------
    Compared
        Scores, gains paired over test dates with intervals and p, settings and learning curves;
        `fireassay.render` writes it.

    Raises
    ------
    UserError
        If a run isn't a finished training, or is given twice.

    Examples
    --------
    >>> found = fireassay.compare("runs/first", "runs/second")
    >>> found.gains[0].gain, found.gains[0].p
    (0.012, 0.031)
    >>> print(fireassay.render(found))
    """
    folders = [str(run.folder) if isinstance(run, TrainedRun) else str(run) for run in runs]
    return compared(folders, alpha=alpha, draws=draws)


def ledger(path: Path | str = "runs", alpha: float = 0.05) -> Ledger:
    """Tell what was tried on each data set's sessions, and what its p are worth together.

    Parameters
    ----------
    path
        A ledger.jsonl, the folder it lies in, or a run folder beside it.
    alpha
        Level of a p.

    Returns
    -------
    Ledger
        A group for each set of scored sessions, with a line for each run; `fireassay.render`
        writes it.

    Raises
    ------
    UserError
        If there is none.

    Examples
    --------
    >>> found = fireassay.ledger("runs")
    >>> found.groups[0].members, found.groups[0].smallest_adjusted
    (12, 0.18)
    """
    return read_ledger(path, alpha)


def sweep(
    data: object = None,
    *,
    grid: Mapping[str, Sequence[Any]] | None = None,
    vary: Mapping[str, str | Sequence[Any]] | None = None,
    trials: int | None = None,
    batch: int | None = None,
    study: Study | Path | str | None = None,
    out: Path | str | None = None,
    watch: lab.Watch | None = None,
    **settings: Any,
) -> Swept:
    """Train many configurations, and tell which can be told from chance.

    Parameters
    ----------
    data, study, watch
        As in `diagnose`.
    grid
        Values by setting (also `model` and `seed`); all combinations are trained, those of equal
        shape in lockstep. None: `sweep.grid` of the study.
    vary
        In place of a grid, the space that Optuna searches by the validation loss: by setting a range,
        "1e-5:1e-2:log" or "0:0.5", or a list of choices. None: `sweep.vary` of the study.
    trials, batch
        Configurations that a search tries, and picks at once. None: as the study says.
    out
        Run folder; one in which a sweep of the same question was begun is gone on with, and all that
        was tried in it counts. None: a new one under runs/.
    **settings
        As the flags of `fireassay train`: what the grid leaves as it is.

    Returns
    -------
    Swept
        Numbered rows with the p of each alone and of all together, and what the best of them is
        worth; `fireassay.render` writes it.

    Raises
    ------
    UserError
        If the data, a setting or the grid can't be used, or the folder holds something else.

    Examples
    --------
    >>> found = fireassay.sweep("bars.parquet", grid={"learning_rate": [1e-4, 1e-3]})
    >>> found.best.row, found.best.p
    (2, 0.41)
    >>> fireassay.explain("runs/sweep", row=3)
    >>> space = {"learning_rate": "1e-5:1e-2:log", "width": [16, 32]}
    >>> found = fireassay.sweep("bars.parquet", vary=space, trials=40, out="runs/search")
    >>> found.row(found.chosen).p  # chosen by validation sessions: no correction to make
    0.34
    """
    if grid is not None:
        settings = {**settings, "sweep.vary": {}, "sweep.grid": dict(grid)}
    if vary is not None:
        # A keyword overrides the study's: a space in place of its grid, unless both are given here.
        settings = {"sweep.grid": {}, **settings, "sweep.vary": dict(vary)}
    settings |= {"sweep.trials": trials, "sweep.batch": batch}
    chosen, frame = described(data, study, settings)
    return swept(chosen, out or new_folder("sweep"), frame, watch)


def predict(
    run: TrainedRun | Path | str,
    data: object = None,
    *,
    draws: int | None = None,
    keep_draws: bool = False,
    watch: lab.Watch | None = None,
    **reading: Any,
) -> pl.DataFrame:
    """Ask a trained model about every bar of its own data, or of other data.

    Features are computed, selected and scaled as in the training.

    Parameters
    ----------
    run
        A trained run or its folder.
    data
        Other data, as `train` takes it; None: the data of the training.
    draws
        Posterior draws; None: as the model's settings say.
    keep_draws
        Whether to return what each draw predicts: column `draws` with an array a bar.
    **reading
        How the data is read where it isn't as in the training (`sessions="calendar:XNYS"`).

    Returns
    -------
    pl.DataFrame
        symbol, session, time, `mean` (binary: the probability of class 1; several classes:
        `mean_CLASS`), `total_entropy`, `expected_entropy` (aleatoric) and `mutual_information`
        (epistemic) in nats; of a real label `total_variance`, `expected_variance` and
        `epistemic_variance`. For the data of the training also `part`.

    Raises
    ------
    UserError
        If the data can't be read or lacks a feature of the training.

    Examples
    --------
    >>> table = fireassay.predict("runs/first", "tomorrow.parquet", keep_draws=True)
    >>> table.filter(pl.col("mutual_information") < 0.01)
    >>> table["draws"].to_numpy().T  # [S, n]
    """
    folder = run.folder if isinstance(run, TrainedRun) else run
    location = str(data) if isinstance(data, str | Path) else ""
    return lab.predict(
        folder,
        location,
        None if location else data,
        draws=draws,
        keep_draws=keep_draws,
        watch=watch,
        **reading,
    )


def simulate(
    case: str, *, sessions: int | None = None, seed: int = 0, **parameters: Any
) -> tuple[pl.DataFrame, Truth]:
    """Return data with a known truth, and the truth.

    Parameters
    ----------
    case
        Name of a scenario.
    sessions
        Sessions of each symbol; None: the scenario's own number.
    seed
        Another seed gives other data with the same truth.
    **parameters
        Parameters of the scenario.

    Examples
    --------
    >>> bars, truth = fireassay.simulate("vwap-noise", sessions=60)
    >>> truth.causes
    ('no_signal', 'kl_dominates')
    """
    from fireassay.data.simulate import simulate as simulated

    return simulated(case, sessions=sessions, seed=seed, **parameters)


def render(
    found: Diagnosis | Trained | Compared | Swept | Ledger | TrainedRun | Path | str,
    form: str = "terminal",
) -> str:
    """Return a report: of a diagnosis, a training, a comparison or a sweep.

    Parameters
    ----------
    found
        A diagnosis, a trained run, a comparison, a sweep, a ledger, or a run folder.
    form
        "terminal", "markdown", "html" or "json".

    Examples
    --------
    >>> print(fireassay.render("runs/first"))
    """
    if isinstance(found, Compared):
        return comparison_report.render(found, form)
    if isinstance(found, Swept):
        return sweep_report.render(found, form)
    if isinstance(found, Ledger):
        return ledger_report.render(found, form)
    if isinstance(found, TrainedRun):
        return rendered(found.account, form)
    if isinstance(found, Path | str):
        return rendered(read(Path(found)), form)
    return rendered(found, form)


def new_folder(name: str) -> Path:
    """Return a run folder that isn't there yet."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return Path("runs") / f"{stamp}-{name}"
