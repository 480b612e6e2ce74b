"""`predict`: a trained model asked about bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from fireassay.data.assemble import build_panel
from fireassay.data.load import load
from fireassay.errors import DataError, UserError
from fireassay.kept import open_training, parts_of
from fireassay.lab.prepare import prepared_again
from fireassay.lab.watch import Watch
from fireassay.training.environment import pick_device


def predict(
    run: Path | str,
    location: str = "",
    frame: object = None,
    *,
    draws: int | None = None,
    keep_draws: bool = False,
    watch: Watch | None = None,
    **reading: Any,
) -> pl.DataFrame:
    """Ask a trained model about every bar of its own data, or of other data.

    Parameters
    ----------
    run
        Folder of a finished training.
    location, frame
        Other data, as a location or a table; neither: the data of the training.
    draws
        Posterior draws of a prediction; None: as the model's settings say.
    keep_draws
        Whether to return what each draw predicts, as the column `draws`.
    **reading
        How other data is read, where it isn't as in the training (fields of `DataSettings`).

    Returns
    -------
    pl.DataFrame
        One row a bar: symbol, session, time, and the columns of `fireassay.kept.Kept.table`; for the
        data of the training also `part`: train, validation or test, null for dates left out.

    Raises
    ------
    UserError
        If the folder holds no finished training, the data can't be read or lacks a feature, or the
        data of the training isn't there any more or has changed.
    """
    watch = watch or Watch()
    kept = open_training(run)
    prepared = None
    if not location and frame is None:
        prepared = prepared_again(kept, watch)
        bars, panel = prepared.bars, prepared.task.panel
    else:
        watch.phase("reading bars")
        settings, needed = kept.settings_for(location, reading), kept.study.needs_prices
        bars = load(settings, frame, need_prices=needed, least_sessions=1)
        watch.phase("computing features")
        try:
            panel = build_panel(bars, kept.inputs.selection)
        except UserError as error:
            raise DataError(
                f"this data can't have the features that the model was trained on: {error.what}",
                where=error.where,
                fix="Give data with the columns of the training.",
            ) from None
        kept.inputs.check(panel.features)
    watch.phase("predicting")
    found = kept.forecast(
        panel,
        lambda: (prepared or prepared_again(kept, watch)).task,
        draws=draws,
        keep=keep_draws,
        device=pick_device(kept.study.device),
    )
    index = bars.frame.select("symbol", "session", "time")
    if prepared is not None:
        index = index.with_columns(parts_of(prepared.task))
    return kept.table(index, found)
