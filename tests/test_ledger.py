"""The ledger: what counts as the same sessions, what is kept of runs side by side, what is said."""

from __future__ import annotations

import json
import multiprocessing
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import fireassay
from fireassay.bookkeeping import NAME, ledger_file, member, read_ledger, sessions_of, write_down
from fireassay.cli.app import app
from fireassay.data.load import load
from fireassay.data.settings import DataSettings
from fireassay.errors import UserError
from fireassay.tried import Sessions, Tried

SIM = "sim:random-labels?sessions=60"


def line(sessions: str, p: float | None, *members: str, **more: object) -> Tried:
    values: dict[str, object] = {
        "time": "2026-01-05T12:00:00+00:00",
        "verb": "train",
        "run": "runs/one",
        "source": "bars.parquet",
        "sessions": sessions,
        "target": "direction:1",
        "features": ("catalogue",),
        "learner": "bayesian",
        "members": members,
        "metric": "AUC",
        "score": 0.51,
        "chance": 0.5,
        "p": p,
        "least_p": 0.001,
    }
    return Tried.model_validate({**values, **more})


MAY = Sessions(id="may", dates={"2024-05-02": "aa", "2024-05-03": "bb"})
LATE = Sessions(id="late", dates={"2024-05-03": "bb", "2024-05-06": "cc"})
OTHER = Sessions(id="other", dates={"2024-05-02": "zz"})


def silent(_text: str) -> None:
    raise AssertionError("nothing is to be said")


def test_what_counts_is_what_was_tried_on_sessions_with_dates_in_common(tmp_path: Path) -> None:
    file = tmp_path / NAME
    first = write_down(file, MAY, line("may", 0.03, "a"), 0.05, silent)
    assert first is not None
    assert (first.runs, first.members, first.p_adjusted, first.told) == (1, 1, 0.03, "")
    write_down(file, OTHER, line("other", 0.001, "x"), 0.05, silent)
    second = write_down(file, LATE, line("late", 0.04, "b"), 0.05, silent)
    assert second is not None
    assert (second.runs, second.members, second.smallest) == (2, 2, 0.03)
    assert second.told == (
        "Tried on these sessions so far: 2 models and targets in 2 runs; the smallest p is 0.030, "
        "0.060 after Holm's correction for 2. This run's 0.040 becomes 0.060: after so many tries it "
        "no longer stands out."
    )
    again = write_down(file, MAY, line("may", 0.03, "a"), 0.05, silent)
    assert again is not None
    assert (again.runs, again.members, again.families) == (3, 2, 2)
    assert len(file.read_text().splitlines()) == 7  # three sets of sessions, four runs
    found = read_ledger(tmp_path)
    assert [len(group.lines) for group in found.groups] == [3, 1]
    assert (found.groups[0].first, found.groups[0].last) == ("2024-05-02", "2024-05-06")


def test_too_few_permutations_for_so_many_tries_are_told(tmp_path: Path) -> None:
    file = tmp_path / NAME
    for i in range(60):
        found = write_down(file, MAY, line("may", 0.001, f"m{i}"), 0.05, silent)
    assert found is not None
    assert found.told.endswith("(with fewer than 1,200 --permutations none could).")


def test_a_line_that_was_cut_off_is_left_out_and_the_next_is_whole(tmp_path: Path) -> None:
    file = tmp_path / NAME
    write_down(file, MAY, line("may", 0.03, "a"), 0.05, silent)
    with file.open("a") as handle:
        handle.write('{"kind": "tried", "time": "20')
    found = write_down(file, MAY, line("may", 0.5, "b"), 0.05, silent)
    assert found is not None
    assert found.runs == 2
    read = read_ledger(file)
    assert (read.unreadable, len(read.groups[0].lines)) == (1, 2)
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text('[1]\n{"kind": "tried"}\nnull\n\xff\n')
    assert (read_ledger(foreign).unreadable, read_ledger(foreign).groups) == (4, ())


def _write_many(file: Path, name: str) -> None:
    for i in range(20):
        write_down(file, MAY, line("may", 0.5, f"{name}{i}"), 0.05, silent)


def test_runs_side_by_side_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / NAME
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_write_many, args=(file, name)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    (group,) = read_ledger(file).groups
    assert (len(group.lines), group.members) == (80, 80)


def test_a_place_that_cant_be_written_is_said_and_nothing_breaks(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "file").write_text("")
    found = write_down(tmp_path / "file" / NAME, MAY, line("may", 0.5, "a"), 0.05, said.append)
    assert found is None
    (text,) = said
    assert "--ledger off" in text
    assert "\n" not in text
    with pytest.raises(UserError, match="no ledger"):
        read_ledger(tmp_path / "nowhere" / "run")


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert ledger_file("beside", "runs/one") is None  # tests are nobody's tries
    monkeypatch.delenv("FIREASSAY_LEDGER")
    assert ledger_file("beside", tmp_path / "runs" / "one") == tmp_path / "runs" / NAME
    assert ledger_file("beside", None) is None
    assert ledger_file("off", "runs/one") is None
    assert ledger_file("mine.jsonl", None) == Path("mine.jsonl")
    monkeypatch.setenv("FIREASSAY_LEDGER", "all.jsonl")
    assert ledger_file("beside", "runs/one") == Path("all.jsonl")
    assert ledger_file("off", "runs/one") is None


def test_sessions_are_told_by_what_the_data_holds() -> None:
    whole = load(DataSettings(location="sim:learnable?sessions=20"), None).frame
    dates = whole["date"].unique().sort().to_list()
    found = sessions_of(whole, dates[:5])
    assert list(found.dates) == [day.isoformat() for day in dates[:5]]
    fewer = whole.filter(pl.int_range(pl.len()) % 7 != 3, pl.col("date") <= dates[4])
    kept = pl.concat([fewer, whole.filter(pl.col("high") == pl.col("high").max().over("date"))])
    kept = pl.concat([kept, whole.filter(pl.col("low") == pl.col("low").min().over("date"))])
    other = kept.with_columns(pl.lit(1.0).alias("mine"))
    assert sessions_of(other, dates[:5]).dates == found.dates  # other bars and features
    moved = whole.with_columns(pl.col("high") + 0.01)
    assert not set(sessions_of(moved, dates[:5]).dates.items()) & set(found.dates.items())
    assert sessions_of(whole, dates[3:9]).dates.keys() & found.dates.keys() == {
        dates[3].isoformat(),
        dates[4].isoformat(),
    }
    bare = whole.select("symbol", "time", "session", "bar", "slot", "date", "stale", mine="close")
    later = bare.with_columns(pl.col("time") + timedelta(hours=1))
    assert sessions_of(bare, dates[:5]) == sessions_of(later, dates[:5])
    assert sessions_of(bare, dates[:5]) != found


def test_several_seeds_are_one_try() -> None:
    assert member(["a"]) == "a"
    assert member(["a", "b"]) == member(["b", "a"]) != member(["a", "c"])


def test_verbs_write_down_what_they_try_and_say_how_much_it_was(tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    small = {"diagnosis.draws": 99, "ledger": str(file)}
    first = fireassay.train(SIM, model="linear", out=tmp_path / "one", **small)
    assert first.account.tries is not None
    assert first.account.tries.told == ""
    swept = fireassay.sweep(
        SIM, model="linear", grid={"penalty": [1.0, 10.0, 100.0]}, out=tmp_path / "two", **small
    )
    assert swept.tries is not None
    wanted = {"targets": ["direction"], "horizons": [1], "groups": False, "permutations": 19}
    scanned = fireassay.scan(SIM, out=tmp_path / "three", ledger=str(file), **wanted)
    assert scanned.tries is not None
    assert scanned.tries.runs == 1  # it looks at the dates before the test
    last = fireassay.train(SIM, model="single", out=tmp_path / "four", **small)
    assert last.account.tries is not None
    told = last.account.assessment[-1].text
    assert told == last.account.tries.told
    assert told.startswith("Tried on these sessions so far: ")
    members = last.account.tries.members
    assert f"{members} models and targets in 3 runs" in told
    # The first one's penalty may be one of the grid's: equal tries count once.
    assert members == len({*swept_members(file)} | {first.account.members[0].trial}) + 1
    printed = fireassay.render(last)
    assert "Tried on these sessions so far" in printed
    (test, before) = sorted(fireassay.ledger(file).groups, key=lambda g: -len(g.lines))
    assert [one.tried.verb for one in test.lines] == ["train", "sweep", "train"]
    assert [one.tried.verb for one in before.lines] == ["scan"]


def swept_members(file: Path) -> list[str]:
    rows = [json.loads(text) for text in file.read_text().splitlines()]
    return next(row["members"] for row in rows if row.get("verb") == "sweep")


def test_the_verb_prints_80_columns_and_json(tmp_path: Path) -> None:
    file = tmp_path / NAME
    write_down(file, MAY, line("may", 0.03, "a"), 0.05, silent)
    more = {"target": "vwap_reversion_magnitude:15,skip=1", "run": "runs/20260105-120000-diagnose"}
    write_down(file, MAY, line("may", None, "b", "c", **more), 0.05, silent)
    found = CliRunner().invoke(app, ["ledger", str(tmp_path)])
    assert found.exit_code == 0
    assert max(map(len, found.stdout.splitlines())) <= 80
    assert "3 models and targets in 2 runs" in " ".join(found.stdout.split())
    data = json.loads(CliRunner().invoke(app, ["ledger", str(file), "--format", "json"]).stdout)
    assert data["groups"][0]["members"] == 3
    assert CliRunner().invoke(app, ["ledger", str(tmp_path / "no" / "thing")]).exit_code == 2
