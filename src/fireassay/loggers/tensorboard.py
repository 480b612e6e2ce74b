"""TensorBoard: event files in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from fireassay.errors import SettingError
from fireassay.loggers import Begun, Ended, History, Logger, logger

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


@logger
class TensorBoard(Logger):
    """Event files under RUN/tensorboard, a folder a run; `pip install fireassay[tensorboard]`.

    A writer begins with the step from which it writes, so that TensorBoard drops what an interrupted
    or earlier process wrote of the same epochs.

    Raises
    ------
    SettingError
        If TensorBoard isn't installed.
    """

    name: ClassVar[str] = "tensorboard"

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise SettingError(
                "TensorBoard isn't installed",
                where="log tensorboard",
                fix="pip install 'fireassay[tensorboard]', or leave --log out.",
            ) from None
        self._make = SummaryWriter
        self.folder = folder
        self.root = folder / "tensorboard"
        self._writers: dict[Path, SummaryWriter] = {}
        self._begun: dict[str, Begun] = {}
        self._epochs: dict[str, int] = {}

    @property
    def where(self) -> str:
        """How to look at what is logged."""
        return f"tensorboard --logdir {self.folder}"

    def begin(self, run: Begun) -> None:
        """Begin a run; its settings are written beside its figures when it ends."""
        self._begun[run.key] = run

    def epoch(self, key: str, part: str, row: Mapping[str, float]) -> None:
        """Write an epoch's measures."""
        step = int(row["epoch"])
        self._epochs[key] = max(step, self._epochs.get(key, 0))
        writer = self._writer(key, part, step)
        for name, value in row.items():
            if name != "epoch":
                writer.add_scalar(name, value, step)
        writer.flush()

    def history(self, key: str, part: str, rows: History) -> None:
        """Write all epochs, in place of any that are there."""
        self._close(self._at(key, part))
        for row in rows:
            self.epoch(key, part, row)

    def end(self, key: str, ended: Ended) -> None:
        """Write the last figures, the settings, and what it comes to."""
        from torch.utils.tensorboard.summary import hparams

        run, step = self._begun[key], self._epochs.get(key, 1)
        writer = self._writer(key, "", 0)
        for name, value in ended.metrics.items():
            writer.add_scalar(name, value, step)
        if ended.text:
            writer.add_text("assessment", ended.text, step)
        for file in ended.files:
            if file.suffix == ".md":
                writer.add_text("report", file.read_text(encoding="utf-8"), step)
        told = {**run.tags, **ended.tags, "status": ended.status}
        lines = [f"| {name} | {value} |" for name, value in told.items()]
        writer.add_text("tags", "\n".join(["| tag | value |", "| --- | --- |", *lines]), step)
        if run.params and ended.metrics:
            params = {
                name: value if isinstance(value, bool | int | float | str) else str(value)
                for name, value in run.params.items()
            }
            for summary in hparams(params, dict(ended.metrics)):
                writer.file_writer.add_summary(summary)  # type: ignore[attr-defined]
        for at in [at for at in self._writers if at == self.root / key or (key and key in at.parts)]:
            self._close(at)

    def close(self) -> None:
        """Close all files."""
        for at in list(self._writers):
            self._close(at)

    def _at(self, key: str, part: str) -> Path:
        return self.root / key / part.strip("/")

    def _writer(self, key: str, part: str, step: int) -> SummaryWriter:
        at = self._at(key, part)
        if at not in self._writers:
            self._writers[at] = self._make(str(at), purge_step=step)
        return self._writers[at]

    def _close(self, at: Path) -> None:
        writer = self._writers.pop(at, None)
        if writer is not None:
            writer.close()
