"""A scan from bars to report, in the lab, in a diagnosis and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import fireassay
from fireassay import lab
from fireassay.cli.app import app
from fireassay.data.assemble import build_panel
from fireassay.data.load import load
from fireassay.data.splits import walk_forward
from fireassay.data.targets import available
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import targets
from fireassay.diagnosis.checks.targets import Targets
from fireassay.diagnosis.conclude import next_steps
from fireassay.diagnosis.scan import advice, label_maker
from fireassay.diagnosis.verdict import verdicts
from fireassay.errors import SettingError, TooLittleError
from fireassay.findings import Diagnosis, Status
from fireassay.models.probes import ProbeSettings
from fireassay.report import read, render
from fireassay.study import resolve
from fireassay.training.trial import Tasks, Trial
from tests.report.walk import html_mismatches, text_mismatches

FEATURES = [
    "return_1",
    "return_5",
    "close_location",
    "vwap_deviation",
    "realised_volatility_10",
    "volume_slot_ratio",
]
BOUNCE = {
    "scan.targets": ["direction", "return_magnitude", "vwap_touch"],
    "scan.horizons": [1, 5],
    "scan.draws": 99,
    "features": FEATURES,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scan") / "run"


@pytest.fixture(scope="module")
def bounce(folder: Path) -> Diagnosis:
    return lab.scan(resolve("sim:bounce?sessions=50", **BOUNCE), folder)


@pytest.fixture(scope="module")
def noise() -> Diagnosis:
    return fireassay.scan(
        "sim:vwap-noise?sessions=70",
        targets=("direction", "vwap_reversion", "volume_surge", "volatility_increase"),
        horizons=(1, 10),
        permutations=99,
        features=FEATURES,
    )


def records(found: Diagnosis) -> dict[str, dict[str, object]]:
    return {str(r["target"]): r for r in found.evidence["targets"].table}


def test_bounce_is_named(bounce: Diagnosis) -> None:
    row = records(bounce)["direction:1 (yours)"]
    assert row["verdict"] == "bounce"
    assert row["p adj."] <= 0.05
    assert row["p adj. later"] > 0.05
    assert "Mostly bounce" in row["note"]
    reading = bounce.evidence["targets"].reading
    assert "Most of the one-step edge is bid-ask bounce" in reading
    decay = bounce.evidence["targets-decay"].reading
    assert decay.startswith("Mostly bounce: ")
    assert "direction:1 (" in decay
    assert "vwap_touch" in " ".join(s.text for s in bounce.assessment)
    assert records(bounce)["vwap_touch:1"]["verdict"] == "mechanical"


def test_where_nothing_can_be_learned_it_says_so(bounce: Diagnosis) -> None:
    assert bounce.next_steps[0].text.startswith("No target that was tried could be learned")
    assert "smallest edge" in bounce.next_steps[1].text
    assert bounce.primary == ()
    assert {v.status for v in bounce.causes.values()} == {Status.UNDECIDED}
    assert bounce.causes["bid_ask_bounce"].evidence == ("targets", "targets-decay")


def test_the_case_that_it_starts_from(noise: Diagnosis) -> None:
    rows = records(noise)
    own = rows["vwap_reversion:1 (yours)"]
    assert own["verdict"] == "nothing seen"
    assert own["p adj."] > 0.05
    assert own["score"] == pytest.approx(0.5, abs=0.02)
    assert rows["volume_surge:10"]["verdict"] == "can be learned"
    assert rows["volatility_increase:10"]["verdict"] == "can be learned"
    # The side of VWAP tells the odds of up and down, whose sizes make up for it.
    assert rows["direction:1"]["verdict"] == "odds only"
    assert rows["direction:1"]["score"] == pytest.approx(0.6, abs=0.03)
    told = noise.next_steps[0]
    assert "volume_surge:" in told.text
    assert "direction" not in told.text
    assert told.evidence == ("targets",)
    assert "targets-features" in noise.evidence


def test_the_map_the_decay_and_the_months(noise: Diagnosis) -> None:
    chart = noise.evidence["targets"].plot
    assert chart.kind == "map"
    assert chart.matrix.columns == ("1", "1, skip 1", "10", "10, skip 1")
    place = chart.matrix.rows.index("vwap_reversion"), chart.matrix.rows.index("volume_surge")
    assert chart.matrix.text[place[0]] == ("", "", "", "")
    assert chart.matrix.text[place[1]] == ("*", "*", "*", "*")
    lines = noise.evidence["targets-decay"].plot.series
    assert {s.style for s in lines} == {"line", "dashed"}
    assert lines[0].x == (1, 10)
    stable = noise.evidence["targets-stability"]
    assert stable.plot.matrix.columns == ("2023-01", "2023-02", "2023-03")
    surge = next(r for r in stable.table if r["target"].startswith("volume_surge"))
    assert surge["months above null"] == surge["months"] == 3
    assert surge["first third"] > 0.6


def test_the_report_shows_what_was_recorded(bounce: Diagnosis, noise: Diagnosis) -> None:
    for found in (bounce, noise):
        assert Diagnosis.from_json(found.to_json()) == found
        assert html_mismatches(render(found, "html"), found) == []
        assert text_mismatches(render(found, "markdown"), found) == []
        text = render(found, "terminal")
        assert text_mismatches(text, found) == []
        assert max(cell_len(line) for line in text.split("\n")) <= 80


def test_files_are_written_and_the_study_with_them(bounce: Diagnosis, folder: Path) -> None:
    assert read(folder) == bounce
    assert {"report.html", "report.md", "study.toml"} <= {p.name for p in folder.iterdir()}
    again = resolve(path=folder / "study.toml")
    assert again.scan.horizons == (1, 5)


def test_the_test_sessions_stay_untouched() -> None:
    """Labels of the test sessions may be anything."""
    study = resolve("sim:bounce?sessions=40", **{**BOUNCE, "scan.targets": ["direction"]})
    bars = load(study.data)
    fitted = walk_forward(build_panel(bars, FEATURES)).fitted
    late = pl.col("session") > int(fitted.max()) + 2
    rising = 100 + 0.01 * pl.int_range(pl.len())
    prices = ("open", "high", "low", "close", "vwap")
    changed = bars.frame.with_columns(
        pl.when(late).then(rising).otherwise(pl.col(p)).alias(p) for p in prices
    )
    pair = [
        fireassay.scan(
            frame.select("symbol", "time", *prices, "volume"),
            targets=["direction"],
            horizons=[1],
            permutations=19,
            features=FEATURES,
            groups=False,
        )
        for frame in (bars.frame, changed)
    ]
    # The share of ties is that of the whole data: it says nothing of what predicts.
    rows = [[{**r, "ties share": 0} for r in f.evidence["targets"].table] for f in pair]
    assert rows[0] == rows[1]


def case_of(location: str, **changes: object) -> Case:
    prepared = lab.prepare(resolve(location, **changes))
    trial = Trial("majority", ProbeSettings(), prepared.task.fingerprint)
    frame = prepared.bars.frame
    return Case(Tasks(prepared.task), trial, (), effect=0.03, labels=label_maker(frame),
                catalogue=available(frame))  # fmt: skip


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "HORIZONS", (1, 10))
    monkeypatch.setattr(targets, "DRAWS", 99)


@pytest.mark.usefixtures("_few")
def test_a_diagnosis_says_which_targets_could_be_learned_instead() -> None:
    case = case_of("sim:vwap-noise?sessions=70", features=FEATURES)
    assert Targets().applies(case) == ""
    evidence = Targets().judge(case, {})
    rows = {r["target"]: r for r in evidence[0].table}
    assert rows["vwap_reversion:1 (yours)"]["verdict"] == "nothing seen"
    assert not any(r["verdict"] == "mechanical" for r in rows.values())
    found = verdicts(evidence)
    assert found["no_signal"].status is Status.UNDECIDED
    steps = next_steps(found, ("no_signal",), evidence)
    assert steps[-1].text.startswith(
        "Targets that could be learned from these features: volume_surge"
    )
    assert steps[-1].evidence == ("targets",)
    assert advice([]) == []


@pytest.mark.usefixtures("_few")
def test_a_column_of_ones_own_is_tried_beside_the_catalogue() -> None:
    case = case_of("sim:healthy-strong?sessions=120")
    rows = {r["target"]: r for r in Targets().judge(case, {})[0].table}
    own = next(r for name, r in rows.items() if name.endswith("(yours)"))
    assert own["verdict"] == "significant, delay not examined"
    assert own["score"] > 0.7


def test_without_prices_there_is_nothing_else_to_try() -> None:
    case = case_of("sim:vwap-noise?sessions=70", features=FEATURES)
    bare = Case(case.tasks, case.trial, (), effect=0.03)
    assert "no prices" in Targets().applies(bare)
    few = case_of("sim:vwap-noise?sessions=12", features=FEATURES)
    assert "too few" in Targets().applies(few)


def asked(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["scan", *args])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_line(tmp_path: Path) -> None:
    small = ["--features", "return_1,volume_slot_ratio,vwap_deviation", "--permutations", "19"]
    out = tmp_path / "run"
    code, text, told = asked(
        "sim:vwap-noise?sessions=30", "--targets", "direction,volume_surge,c=2", "--horizons", "2",
        "--skip", "0,2", "--output", "jsonl", "--out", str(out), *small,
    )  # fmt: skip
    assert code == 0, told
    assert text.startswith("Scan of 5 targets on sim:vwap-noise")
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    assert str(out / "report.html") in text
    events = [json.loads(line) for line in told.splitlines()]
    shares = [e["share"] for e in events if e["event"] == "share"]
    assert shares[-1] == 1
    names = {r["target"] for r in read(out).evidence["targets"].table}
    assert names == {"direction:2", "volume_surge:2,c=2", "vwap_reversion:1 (yours)"}


def test_what_cannot_be_scanned_is_told() -> None:
    code, _, told = asked("sim:vwap-noise?sessions=30", "--targets", "volumesurge")
    assert code == 2
    assert "volume_surge" in told
    few = {"features": FEATURES, "scan.draws": 19}
    with pytest.raises(TooLittleError, match="10 dates before the test"):
        lab.scan(resolve("sim:vwap-noise?sessions=12", **few))
    wanted = {**few, "scan.targets": ["direction"], "scan.horizons": [400]}
    own = lab.scan(resolve("sim:vwap-noise?sessions=30", **wanted))
    assert "The data can't have 2 more." in own.evidence["targets"].experiment
    frame = load(resolve("sim:vwap-noise?sessions=30").data).frame
    with pytest.raises(SettingError, match="horizon 400"):
        lab.scan(
            resolve(**wanted), frame=frame.select("time", "open", "high", "low", "close", "volume")
        )
