"""What a person sees while a verb works: phases, progress with ETA, a line per finding."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fireassay.diagnosis.checks import Cost
    from fireassay.findings import Evidence
    from fireassay.lab import Watch
    from fireassay.training.learner import EpochNews
    from fireassay.training.trial import Run, Trial


class Output(StrEnum):
    """How a verb tells of its progress, on standard error."""

    RICH = "rich"
    """Progress bars on a terminal, plain lines elsewhere."""
    JSONL = "jsonl"
    """One JSON object a line."""
    QUIET = "quiet"


@contextmanager
def watching(output: Output) -> Iterator[Watch]:
    """Give a Watch that tells of a verb's progress in the form wanted."""
    if output is Output.QUIET:
        from fireassay.lab import Watch

        yield Watch()
    elif output is Output.JSONL:
        yield _Lines().watch()
    else:
        with _Terminal() as terminal:
            yield terminal.watch()


class _Lines:
    """One JSON object a line on standard error."""

    def __init__(self) -> None:
        self.began = time.perf_counter()

    def watch(self) -> Watch:
        from fireassay.diagnosis.battery import News
        from fireassay.lab import Watch
        from fireassay.training.learner import Progress

        return Watch(
            phase=lambda text: self.tell("phase", text=text),
            share=lambda share: self.tell("share", share=round(share, 3)),
            note=lambda text: self.tell("note", text=text),
            news=News(
                planned=lambda cost, trials, seconds: self.tell(
                    "plan", cost=cost.name.lower(), trials=[t.id for t in trials], seconds=seconds
                ),
                ran=lambda run: self.tell("run", trial=run.trial.id, status=run.status.value),
                judged=lambda e: self.tell(
                    "evidence", id=e.id, status=e.status.value, effect=e.effect, p=e.p, text=e.reading
                ),
            ),
            progress=Progress(
                epoch=lambda n: self.tell(
                    "epoch", epoch=n.epoch, of=n.epochs, trials=n.trials, measures=sound(n.row)
                )
            ),
        )

    def tell(self, event: str, **values: Any) -> None:
        import sys

        row = {"t": round(time.perf_counter() - self.began, 2), "event": event, **values}
        print(json.dumps(row), file=sys.stderr, flush=True)


def sound(row: Mapping[str, float]) -> dict[str, float | None]:
    """Return measures as JSON has them: None for what isn't a finite number."""
    return {name: value if math.isfinite(value) else None for name, value in row.items()}


def left(news: EpochNews) -> float:
    """Return the seconds that the epochs to come take, at the pace of the last one."""
    return 0.0 if news.ended else news.seconds * (news.epochs - news.epoch)


PATIENCE_S = 2.0
"""Off a terminal a phase is told once it has taken this long: what is over at once says nothing."""


class _Terminal:
    """Rich on a terminal: a bar for the training planned, with its ETA, and a line per finding."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            Task,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Remaining(TimeRemainingColumn):
            """What is left until the deadline that is known, else as the bar's speed tells."""

            def render(self, task: Task) -> Text:
                if task.fields.get("deadline") is None:
                    return super().render(task)
                seconds = max(0, round(task.fields["deadline"] - time.monotonic()))
                minutes, seconds = divmod(seconds, 60)
                hours, minutes = divmod(minutes, 60)
                return Text(f"{hours}:{minutes:02d}:{seconds:02d}", "progress.remaining")

        self.console = Console(stderr=True, highlight=False)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("eta"),
            Remaining(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("starting", total=None)
        self.open = 0.0
        self.told_at = time.monotonic()
        self.waiting: threading.Timer | None = None

    def __enter__(self) -> _Terminal:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.tell_later("")
        self.bar.stop()

    def tell_later(self, text: str) -> None:
        """Print the text if nothing else comes in time; the one before it is not printed any more."""
        if self.waiting is not None:
            self.waiting.cancel()
        self.waiting = None
        if text:
            self.waiting = threading.Timer(PATIENCE_S, self.console.print, [text])
            self.waiting.daemon = True
            self.waiting.start()

    def watch(self) -> Watch:
        from fireassay.diagnosis.battery import News
        from fireassay.lab import Watch
        from fireassay.training.learner import Progress

        return Watch(
            phase=self.phase,
            share=self.share,
            note=self.note,
            news=News(planned=self.planned, ran=self.ran, judged=self.judged),
            progress=Progress(epoch=self.epoch),
        )

    def phase(self, text: str) -> None:
        from rich.markup import escape

        self.bar.reset(self.task, description=escape(text), total=None, deadline=None)
        self.told_at = time.monotonic()
        if not self.console.is_terminal:
            self.tell_later(escape(text))

    def share(self, share: float) -> None:
        self.bar.update(self.task, total=1.0, completed=share)

    def note(self, text: str) -> None:
        from rich.text import Text

        self.console.print(Text(text))

    def planned(self, cost: Cost, trials: Sequence[Trial], seconds: float) -> None:
        text = f"training {len(trials)} runs ({cost.name.lower()})"
        self.open = max(seconds, 1.0)
        self.bar.reset(self.task, total=self.open, description=text)
        if not self.console.is_terminal and trials:
            self.console.print(f"{text}, about {seconds:.0f} s")

    def epoch(self, news: EpochNews) -> None:
        if not self.open:
            self.trained(news)
            return
        self.bar.update(
            self.task,
            advance=news.seconds,
            description=f"training {news.trials} runs, epoch {news.epoch}/{news.epochs}",
        )

    def trained(self, news: EpochNews) -> None:
        """Tell of an epoch of a training that nothing else was planned with."""
        text = f"epoch {news.epoch}/{news.epochs}"
        value = news.row.get("validation_nll", news.row.get("train_nll"))
        if value is not None:
            part = "validation" if "validation_nll" in news.row else "training"
            text += f", {part} NLL {value:.4f}"
        if news.ended:
            text = "predicting with the weights that are kept"
        now, seconds = time.monotonic(), left(news)
        self.bar.update(
            self.task,
            total=news.epochs,
            completed=news.epoch,
            description=text,
            deadline=now + seconds,
        )
        # Off a terminal about one line in twenty of the whole, and none in the first seconds.
        pace = max(PATIENCE_S, 0.05 * news.seconds * news.epochs)
        if not self.console.is_terminal and now - self.told_at >= pace:
            self.tell_later("")
            self.console.print(text if news.ended else f"{text}, about {seconds:.0f} s left")
            self.told_at = now

    def ran(self, run: Run) -> None:
        if not run.details.get("parameters"):
            self.bar.update(self.task, advance=run.seconds)

    def judged(self, evidence: Evidence) -> None:
        from rich.text import Text

        from fireassay.findings import EvidenceStatus

        marks = {
            EvidenceStatus.MEASURED: ("●", "cyan"),
            EvidenceStatus.FAILED: ("✗", "red"),
        }
        mark, style = marks.get(evidence.status, ("○", "dim"))
        if evidence.status is EvidenceStatus.NOT_APPLICABLE:
            return
        line = Text.assemble((f"{mark} ", style), (f"{evidence.id}: ", "bold"), evidence.reading)
        self.console.print(line)
