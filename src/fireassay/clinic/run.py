"""The gauntlet: every patient, several seeds each, side by side on all processors, resumable."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from pydantic import ValidationError

from fireassay.clinic.patient import PATIENTS, Half
from fireassay.clinic.tally import Tally, tally
from fireassay.clinic.told import markdown
from fireassay.clinic.visit import Visit, visit
from fireassay.training.store import Store, refuse_unwritable

QUICK = (
    "healthy-strong",
    "kl-unscaled",
    "label-copy",
    "linear-on-xor",
    "random-labels",
    "rate-tiny",
)
"""Patients of the quick gauntlet: one for each part of the question, and a healthy one."""

VISITS = "visits"
"""Folder of the visits, one file each."""

News = Callable[[Visit, int, int], None]


def gauntlet(
    out: Path | str,
    patients: Sequence[str] = (),
    *,
    half: Half = Half.REPORTED,
    seeds: int = 10,
    first_seed: int = 0,
    budget: str = "unlimited",
    jobs: int | None = None,
    news: News | None = None,
) -> Tally:
    """Send simulated patients through the whole diagnosis and count how often it is right.

    Visits that lie in the folder already are not made again, so a gauntlet that was interrupted goes
    on, and one with more seeds adds to an earlier one.

    Parameters
    ----------
    out
        Folder of the gauntlet: `visits/` with one file a visit and the diagnosis beside it,
        `gauntlet.json` and `gauntlet.md` with the table of all visits that lie in it.
    patients
        Their names; empty: all.
    half
        Which half of the parameter ranges they are drawn from.
    seeds, first_seed
        How many patients of each kind, and the number of the first.
    budget
        What one diagnosis may take. With a budget the result depends on the machine.
    jobs
        Processes side by side; None: one a processor.
    news
        Told of every visit, with how many are done of how many.

    Raises
    ------
    SettingError
        If a patient isn't known or the folder can't be written.
    """
    refuse_unwritable(out)
    names = [PATIENTS[name].name for name in patients] or list(PATIENTS)
    store = Store(Path(out) / VISITS)
    wanted = [(name, first_seed + i) for i in range(seeds) for name in names]
    done = {(v.patient, v.seed): v for v in read(out) if v.half is half}
    todo = [pair for pair in wanted if pair not in done]
    ended = len(wanted) - len(todo)
    jobs = jobs or os.cpu_count() or 1
    # Spawned, not forked: a fork of a process that has run PyTorch may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_alone) as pool:
        waiting: set[Future[Visit]] = set()
        try:
            while todo or waiting:
                while todo and len(waiting) < jobs:
                    name, seed = todo.pop(0)
                    waiting.add(pool.submit(visit, name, half, seed, store.root, budget))
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    made = future.result()
                    store.write(f"{made.name}.visit.json", made.model_dump_json(indent=1))
                    ended += 1
                    if news is not None:
                        news(made, ended, len(wanted))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    counted = tally(v for v in read(out) if v.half is half)
    whole = Store(out)
    whole.write("gauntlet.json", counted.model_dump_json(indent=1))
    whole.write("gauntlet.md", markdown(counted, half))
    return counted


def read(out: Path | str) -> list[Visit]:
    """Return the visits that lie in a gauntlet's folder; what can't be read is made again."""
    found = []
    for path in sorted((Path(out) / VISITS).glob("*.visit.json")):
        try:
            made = Visit.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError:
            continue
        if made.patient in PATIENTS:
            found.append(made)
    return found


def _alone() -> None:
    """Let a process use one thread: as many processes run as there are processors."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
