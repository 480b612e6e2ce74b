"""Optuna picks what to train next, by the validation loss of what was trained: `fireassay[optuna]`.

Asked for a batch, told a batch: the configurations of a batch train together, in lockstep where
their shapes agree. What it knows lies in the run folder (`optuna.db`, which optuna-dashboard opens),
and the draws of each suggestion have their own seed, so a search that was stopped goes on to the
same configurations as one that wasn't.

The test sessions have no part in it: only so is the null of the best row right (see `run`).
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fireassay.errors import SettingError
from fireassay.search.grid import Configuration, configuration
from fireassay.search.space import Space, distributions, rounded
from fireassay.seeds import derive
from fireassay.study import Study
from fireassay.training.store import Store

if TYPE_CHECKING:
    import optuna

FILE = "optuna.db"
"""The search's own record in the run folder."""

WAIT_S = 60
"""How long a record that another process writes is waited for."""


def refuse_without_optuna() -> None:
    """Raise SettingError if Optuna isn't installed."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise SettingError(
            "Optuna isn't installed",
            where="sweep.vary",
            fix="pip install 'fireassay[optuna]', or try values of a --grid.",
        ) from None


class Optimiser:
    """A search of a space by tree-structured Parzen estimators.

    TPE models the settings that did well and the others, and picks where the ratio of their densities
    is largest (Bergstra et al. 2011, NeurIPS; Watanabe 2023, arXiv:2304.11127); its first ten are
    drawn at random. What was asked and isn't told yet counts as bad ("constant liar"), so that a
    batch isn't one point many times.

    Parameters
    ----------
    study
        What is searched, and for how long: `sweep.trials`, `sweep.batch`.
    space
        As `space.checked` returns it.
    store
        The run folder; None: what it knows is kept in memory only.
    """

    def __init__(self, study: Study, space: Space, store: Store | None = None) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study, self.space = study, space
        self.distributions = distributions(study, space)
        storage = None
        if store is not None:
            storage = optuna.storages.RDBStorage(
                f"sqlite:///{(store.root / FILE).resolve()}",
                engine_kwargs={"connect_args": {"timeout": WAIT_S}},
            )
        self.optuna = optuna.create_study(
            study_name=f"{study.target} {self._name()}", storage=storage, load_if_exists=True
        )

    def _name(self) -> str:
        """Return what tells apart searches whose losses don't compare, or that ask otherwise."""
        about = [
            {key: str(values) for key, values in self.space.items()},
            [self.study.model, self.study.settings, self.study.seed, self.study.diagnosis.seeds],
            self.study.sweep.batch,
        ]
        text = json.dumps(about, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def batches(
        self, loss: Callable[[list[Configuration]], Mapping[str, float]]
    ) -> Iterator[list[Configuration]]:
        """Yield batches of configurations to be trained, until `sweep.trials` are told.

        Parameters
        ----------
        loss
            Returns the validation losses of a batch that was trained, by `Configuration.key`; asked
            when the next batch is. What isn't finite counts as the worst.
        """
        most, batch = self.study.sweep.trials, self.study.sweep.batch
        while True:
            known = self._trials()
            waiting = {t.number: t for t in known if not t.state.is_finished()}
            # A batch that was interrupted is completed; else a new one begins.
            whole = len(known) if waiting else len(known) + 1
            upto = min(batch * math.ceil(whole / batch), most)
            asked = {n: one for n, t in waiting.items() if (one := self._possible(n, t.params))}
            for number in range(len(known), upto):
                one = self._ask(number)
                if one is not None:
                    asked[number] = one
            if not asked:
                if upto >= most:
                    return
                continue
            yield list(asked.values())
            losses = loss(list(asked.values()))
            for number, one in asked.items():
                value = losses[one.key]
                self.optuna.tell(number, value if math.isfinite(value) else math.inf)

    @property
    def tried(self) -> int:
        """Suggestions so far."""
        return len(self._trials())

    @property
    def impossible(self) -> int:
        """Suggestions that weren't possible, such as a width that the heads don't divide."""
        import optuna

        failed = optuna.trial.TrialState.FAIL
        return sum(trial.state == failed for trial in self._trials())

    def _trials(self) -> list[optuna.trial.FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False)

    def _ask(self, number: int) -> Configuration | None:
        """Return the suggestion of a number; None for one that isn't possible."""
        import optuna

        with warnings.catch_warnings():
            # constant_liar is marked experimental: its interface may change.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self.optuna.sampler = optuna.samplers.TPESampler(
                seed=derive("sweep", self.study.seed, number) % 2**32, constant_liar=True
            )
        trial = self.optuna.ask(self.distributions)
        return self._possible(trial.number, trial.params)

    def _possible(self, number: int, point: Mapping[str, Any]) -> Configuration | None:
        """Return the configuration at a point; one that isn't possible is told as failed."""
        import optuna

        if set(point) == set(self.space):
            try:
                return configuration(self.study, rounded(self.space, point), where="--vary")
            except SettingError:
                pass  # told as failed below; the sweep says how many were
        self.optuna.tell(number, state=optuna.trial.TrialState.FAIL)
        return None
