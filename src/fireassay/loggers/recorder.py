"""Tells loggers of a verb's runs: begun, each epoch, ended; and drops a logger that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fireassay.loggers import LOGGERS, Begun, Ended, Logger, finite, flat
from fireassay.loggers.records import of_run, trial_begun
from fireassay.study import Study
from fireassay.training.learner import EpochNews, Progress
from fireassay.training.trial import Run, Trial


class Recorder:
    """What a verb tells its loggers.

    Parameters
    ----------
    study
        `log` names the loggers; with none nothing is imported and nothing written.
    folder
        The run folder.
    note
        Told where to look, and of a logger that failed.

    Raises
    ------
    SettingError
        If a logger isn't known, or can't be opened.
    """

    def __init__(self, study: Study, folder: Path | str, note: Callable[[str], None]) -> None:
        self.study, self.folder, self.note = study, Path(folder), note
        self.loggers = [LOGGERS[name](self.folder) for name in dict.fromkeys(study.log)]
        self._places: dict[str, tuple[str, str]] = {}
        self._begun: set[str] = set()
        self._waiting: dict[str, Begun] = {}
        self._first: dict[str, int] = {}

    def begin(self, verb: str, title: str) -> None:
        """Begin the verb's own run, with every setting that the study resolves to."""
        others = {"scan", "sweep"} - {verb}
        settings = flat({**self.study.model_dump(mode="json", exclude=others), "settings": {}})
        settings |= flat({"settings": self.study.learner_settings().model_dump(mode="json")})
        self._begin(Begun("", title, settings, {"verb": verb}))
        for one in self.loggers:
            self.note(f"logged to {one.name}: {one.where}")

    def place(self, trials: Sequence[Trial], run: Begun | None = None) -> None:
        """Say which run trials belong to, a part for each if there are several.

        Parameters
        ----------
        trials
            Runs of one configuration, a seed each.
        run
            A child, begun when the first of its trials is heard of; None: the verb's own run.
        """
        key = run.key if run else ""
        if run and key not in self._begun:
            self._waiting[key] = run
        for trial in trials:
            part = f"seed_{trial.seed}/" if len(trials) > 1 else ""
            self._places[trial.id] = key, part

    def progress(self, progress: Progress) -> Progress:
        """Return a progress that tells the loggers of epochs too."""
        if not self.loggers:
            return progress

        def epoch(news: EpochNews) -> None:
            for trial, row in news.rows.items():
                self._epoch(trial, int(row.get("epoch", news.epoch)), finite(row))
            progress.epoch(news)

        return replace(progress, epoch=epoch)

    def over(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Yield runs as they end, each logged; what breaks off ends the verb's run too."""
        try:
            for run in runs:
                self._ran(run)
                yield run
        except KeyboardInterrupt:
            self._break("stopped")
            raise
        except Exception:
            self._break("failed")
            raise

    def each(
        self, execute: Callable[[Sequence[Trial]], Iterable[Run]]
    ) -> Callable[[Sequence[Trial]], Iterable[Run]]:
        """Return an executor whose trials are child runs, each logged as it ends."""

        def run(trials: Sequence[Trial]) -> Iterator[Run]:
            for trial in trials:
                self.place([trial], trial_begun(trial))
            for one in self.over(execute(trials)):
                if self.loggers:
                    self.end(trial_begun(one.trial).key, of_run(one))
                yield one

        return run if self.loggers else execute

    def end(self, key: str, ended: Ended) -> None:
        """Tell what came of a run."""
        self._wake(key)
        self._each(lambda one: one.end(key, ended))
        if not key:
            self._each(lambda one: one.close())

    def _epoch(self, trial: str, epoch: int, row: Mapping[str, float]) -> None:
        place = self._place(trial)
        if place is not None:
            self._first.setdefault(trial, epoch)
            self._each(lambda one: one.epoch(*place, {**row, "epoch": epoch}))

    def _ran(self, run: Run) -> None:
        place = self._place(run.trial.id)
        if place is None or self._first.get(run.trial.id) == 1:
            return  # each of its epochs was logged while it was trained
        rows = [
            {**finite(row), "epoch": int(row.get("epoch", i))}
            for i, row in enumerate(run.history, start=1)
        ]
        self._each(lambda one: one.history(*place, rows))

    def _break(self, status: str) -> None:
        for key in [*(k for k in self._begun if k), ""]:
            self.end(key, Ended(status=status))

    def _place(self, trial: str) -> tuple[str, str] | None:
        place = self._places.get(trial)
        if place is not None:
            self._wake(place[0])
        return place

    def _wake(self, key: str) -> None:
        if key in self._waiting:
            self._begin(self._waiting.pop(key))

    def _begin(self, run: Begun) -> None:
        self._begun.add(run.key)
        self._each(lambda one: one.begin(run))

    def _each(self, tell: Callable[[Logger], None]) -> None:
        """Tell every logger; one that can't be written any more is left out from here on."""
        for one in list(self.loggers):
            try:
                tell(one)
            except one.faults as error:
                self.loggers.remove(one)
                said = str(error).strip().split("\n")[0]
                self.note(f"logging to {one.name} has ended: {said}; the run goes on")
