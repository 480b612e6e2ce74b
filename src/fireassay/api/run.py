"""A trained run: what `train` returns, and what `load_run` reads back from its folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fireassay import lab
from fireassay.arrays import AnyArray
from fireassay.errors import SettingError
from fireassay.kept import Kept, open_training
from fireassay.report import render as rendered
from fireassay.study import Study
from fireassay.trained import Trained

if TYPE_CHECKING:
    import polars as pl


class Posterior(NamedTuple):
    """Posterior mean and standard deviation of a tensor of weights; SD 0 for point estimates."""

    mean: AnyArray
    sd: AnyArray


class TrainedRun:
    """A finished training.

    Parameters
    ----------
    kept
        What its folder holds.

    Attributes
    ----------
    folder
        Where it lies.
    study
        What was asked.
    account
        All that its report tells, as plain data.

    Examples
    --------
    >>> run = fireassay.load_run("runs/first")
    >>> run.metrics["test_auc"], run.p
    >>> run.predictions.filter(pl.col("part") == "test")
    >>> run.weights()["head.weight"].mean.shape
    """

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.folder = kept.folder
        self.study: Study = kept.study
        self.account: Trained = kept.account

    def __repr__(self) -> str:
        said = " ".join(sentence.text for sentence in self.account.assessment[:1])
        return f"<TrainedRun {self.folder}: {self.account.title}. {said}>"

    def _repr_markdown_(self) -> str:
        return rendered(self.account, "markdown")

    @property
    def score(self) -> float | None:
        """The headline score of the test sessions (`account.held_out.metric` names it)."""
        return self.account.held_out.effect

    @property
    def p(self) -> float | None:
        """Of the score, against exchanged label sessions."""
        return self.account.held_out.p

    @property
    def metrics(self) -> dict[str, Any]:
        """Measures of the first seed's kept weights by name, such as `test_auc`."""
        return dict(self.account.members[0].metrics)

    @cached_property
    def history(self) -> pl.DataFrame:
        """One row a seed and epoch: loss, NLL, KL and scores of every part."""
        import polars as pl

        rows = [
            {"seed": member.seed, **row} for member in self.account.members for row in member.history
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    @cached_property
    def predictions(self) -> pl.DataFrame:
        """What is predicted of the labelled bars of validation and test sessions, and the labels.

        Columns symbol, session, time, part, label, and those of `fireassay.predict`.
        """
        import polars as pl

        return pl.read_parquet(self.folder / "predictions.parquet")

    def weights(self, seed: int | None = None) -> dict[str, Posterior]:
        """Return the kept weights of one seed (None: the first) by name.

        Raises
        ------
        SettingError
            If the model keeps none, or there is no such seed.
        """
        net = self.kept.net
        if net is None:
            raise SettingError(f"a {self.study.model} model keeps no weights", where=str(self.folder))
        wanted = net.seeds[0] if seed is None else seed
        if wanted not in net.seeds:
            raise SettingError(
                f"there is no seed {wanted}", fix=f"Seeds: {', '.join(map(str, net.seeds))}."
            )
        named = net.named(net.seeds.index(wanted))
        return {name: Posterior(*pair) for name, pair in named.items()}

    def predict(
        self,
        data: object = None,
        *,
        draws: int | None = None,
        keep_draws: bool = False,
        **reading: Any,
    ) -> pl.DataFrame:
        """Ask the model about every bar; as `fireassay.predict`."""
        location = str(data) if isinstance(data, str | Path) else ""
        frame = None if location else data
        return lab.predict(
            self.folder, location, frame, draws=draws, keep_draws=keep_draws, **reading
        )


def load_run(folder: Path | str) -> TrainedRun:
    """Read a finished training from its run folder.

    Raises
    ------
    UserError
        If the folder holds none; says what is there instead.

    Examples
    --------
    >>> fireassay.load_run("runs/first").history
    """
    return TrainedRun(open_training(folder))
