"""What a user could install instead, given the gauntlet's patients: what each says, how often right.

    python -m venv VENV; VENV/bin/pip install -r benchmarks/peers/requirements.txt
    python -m venv OLD; OLD/bin/pip install -r benchmarks/peers/requirements-deepchecks.txt
    python benchmarks/peers.py FOLDER --python VENV/bin/python --deepchecks OLD/bin/python
        [--seeds 3] [--half reported] [--gauntlet GAUNTLET]

deepchecks' last release doesn't import beside a scikit-learn of today, so it has an environment of
its own. Each peer is a script in `peers/` that sees the same: the labelled rows of the patient's
training and later sessions, and what the patient's own model, trained by fireassay as its study
says, predicts of them. A peer can't refit a network, and its settings (KL weight, weight decay,
rate) can't be handed over; where a peer has to fit a model itself, that is scikit-learn's histogram
gradient boosting. Patients whose model is a user's own PyTorch module are left out: fireassay keeps
no predictions of their training rows. Cases and answers lie in FOLDER: a run that was interrupted
goes on.

`RULES` below is the whole mapping from what a peer says to causes. It was written before any result
of the reported half was seen, and gives each peer its best reading:

- A remark may stand for several causes: those that its documentation would have one look for. It is
  right if *one* of them holds, and precision counts remarks, not causes.
- Tips (skore), warnings (deepchecks) and cleanlab's non-IID, which bars of a market always are,
  count where they are right and are neither false alarm nor imprecise.
- A remark that stands for no cause of the list is no false alarm either (outliers, weak segments).
- A peer that can't tell "nothing to learn" from "not learned" is right with either.
- Remarks are ranked by severity and then as RULES ranks them: the surest first.

"Signal" is what a peer makes of the question whether there is any: True, False, or None where it
doesn't say (`signal_of`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fireassay import lab
from fireassay.causes import CAUSES, Side
from fireassay.clinic.patient import PATIENTS, Draw, Half, Patient
from fireassay.clinic.run import read
from fireassay.data.columns import selection_of
from fireassay.models.probes import PROBES, ProbeSettings, fitting_rows
from fireassay.study import Study, resolve
from fireassay.training.learner import Setting
from fireassay.training.serving import Inputs, load_net
from fireassay.training.store import Store
from fireassay.training.trial import Tasks, Trial

SCRIPTS = {
    "recipe": "recipe.py",
    "skore": "skore_report.py",
    "deepchecks": "deepchecks_suites.py",
    "cleanlab": "cleanlab_issues.py",
}
"""Peers and their scripts."""

# Handing over


def hand_over(name: str, half: Half, seed: int, folder: Path) -> None:
    """Write a patient's rows, with what its own model predicts of them, as a peer reads them."""
    given = PATIENTS[name].presents(Draw(name, half, seed))
    study = resolve(given.location, **given.settings)
    prepared = lab.prepare(study)
    task = prepared.task
    train = np.sort(np.concatenate([task.train_rows, task.validation_rows]))
    rows = np.concatenate([train, task.test_rows])
    features = dict(zip(task.panel.features, task.panel.values[rows].T, strict=True))
    table = pl.DataFrame(features).with_columns(
        prepared.bars.frame["time"][rows.tolist()],
        label=task.label.y[rows].astype(np.int8),
        proba=_own_predictions(study, prepared)[rows],
        part=np.repeat(["train", "test"], [len(train), len(task.test_rows)]),
    )
    folder.mkdir(parents=True, exist_ok=True)
    table.write_parquet(folder / "rows.parquet")
    about = {"patient": name, "seed": seed, "scaling": study.scaling, "model": study.model}
    whole = folder / "case.json"  # last: a case without it is made again
    whole.with_suffix(".tmp").write_text(json.dumps(about), encoding="utf-8")
    whole.with_suffix(".tmp").replace(whole)


def handed_over() -> list[str]:
    """Return the patients whose model predicts its own training rows: all but PyTorch modules."""
    shown = {name: PATIENTS[name].presents(Draw(name, Half.TUNING, 0)) for name in PATIENTS}
    models = {name: str(given.settings.get("model", "")) for name, given in shown.items()}
    return [name for name, model in models.items() if not model.startswith("module:")]


def _own_predictions(study: Study, prepared: lab.Prepared) -> Any:
    """Return `[R]` probabilities of class 1 by the study's own model, as `predict` gives them."""
    from fireassay.training.execute import Executor

    task, settings = prepared.task, study.learner_settings()
    if isinstance(settings, ProbeSettings):
        rows = np.arange(task.panel.rows)
        found = PROBES[study.model]().fit_predict(
            task, settings, study.seed, fitting_rows(task), rows
        )
        return np.asarray(found, dtype=float)[:, 0]
    trial = Trial(study.model, settings, task.fingerprint, seed=study.seed)
    frame, features = prepared.bars.frame, task.panel.features
    inputs = Inputs.of(task, selection_of(frame, study.features, features))
    with tempfile.TemporaryDirectory(prefix="peers-") as run:
        store = Store(run)
        for _ in Executor(Tasks(task), Setting("cpu", store))([trial]):
            pass
        forecast = load_net(store, [trial.id], inputs).forecast(task.panel)
    return np.asarray(forecast.mean, dtype=float)[:, 0]


# Asking


def ask(folder: Path, pythons: dict[str, str]) -> None:
    """Let every peer look at the cases that it hasn't seen, one after the other."""
    scripts = Path(__file__).parent / "peers"
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    for peer, python in pythons.items():
        command = [python, str(scripts / SCRIPTS[peer]), str(folder)]
        subprocess.run(command, check=True, env=alone, stdout=sys.stderr)


# Reading

UNLEARNED = ("capacity_too_small", "over_regularized", "undertrained")
"""What textbooks and the peers' documentation name for underfitting."""

BEATEN = ("wrong_model_class", *UNLEARNED)
"""Another model learns what the patient's own doesn't."""

NOTHING = ("no_signal", *UNLEARNED)
"""The patient's own model is no better than a trivial one, and nobody tells why."""


@dataclass(frozen=True)
class Rule:
    """What one remark of a peer stands for.

    Attributes
    ----------
    id
        The peer's check.
    causes
        Any of these.
    says
        Words that the remark must hold.
    share
        Least share of rows, for cleanlab, which reports single rows.
    severity
        In place of the peer's own.
    """

    id: str
    causes: tuple[str, ...]
    says: str = ""
    share: float = 0.0
    severity: str = ""


RULES: dict[str, tuple[Rule, ...]] = {
    "recipe": (
        Rule("nothing, more rows help", ("underpowered",)),
        Rule("nothing", ("no_signal",)),
        Rule("another model learns", BEATEN),
        Rule("gone on later rows", ("drift", "contaminated_split")),
        Rule("overfits", ("overfitting",)),
    ),
    "skore": (
        Rule("SKD011", ("leakage",), says="target itself"),
        Rule("SKD004", ("degenerate_target", "metric_artefact")),
        Rule("SKD002 and SKD009", BEATEN),
        Rule("SKD002", NOTHING),
        Rule("SKD001", ("overfitting",)),
        Rule("SKD003", ("drift",)),
        Rule("SKD008", ("degenerate_features",)),
        Rule("SKD009", BEATEN, says="significantly worse"),
        Rule("SKD011", ("leakage",), says="may signal data leakage"),
        Rule("SKD012", ("degenerate_features",)),
    ),
    "deepchecks": (
        Rule("FeatureLabelCorrelation", ("leakage",)),
        Rule("TrainTestSamplesMix", ("contaminated_split",)),
        Rule("DataDuplicates", ("contaminated_split",)),
        Rule("IsSingleValue", ("degenerate_features",)),
        Rule("NewLabelTrainTest", ("degenerate_target",)),
        Rule("FeatureLabelCorrelationChange", ("leakage", "drift")),
        Rule("SimpleModelComparison", NOTHING),
        Rule("TrainTestPerformance", ("overfitting", "drift")),
        Rule("LabelDrift", ("drift",)),
        Rule("MultivariateDrift", ("drift",)),
        Rule("FeatureDrift", ("drift",)),
        Rule("PredictionDrift", ("drift",)),
        Rule("FeatureFeatureCorrelation", ("degenerate_features",)),
    ),
    "cleanlab": (
        Rule("class_imbalance", ("degenerate_target", "metric_artefact")),
        Rule("near_duplicate", ("contaminated_split",), share=0.05),
        # A quarter: half of the labels that a coin would get wrong.
        Rule("label", ("no_signal", "label_misaligned"), share=0.25),
        Rule("null", ("degenerate_features",), share=0.05),
        Rule("non_iid", ("drift", "contaminated_split"), severity="tip"),
    ),
}
"""What the remarks of each peer stand for, the surest first; other remarks stand for nothing."""

LEVEL, GAP = 0.05, 0.1
"""The recipe's level of the permutation test, and the fall in AUC that it calls overfitting."""


@dataclass(frozen=True)
class Read:
    """What a peer's answer about one patient comes to.

    Attributes
    ----------
    patient, seed
        Who.
    said
        Pairs (rule, severity) in their rank.
    signal
        Whether there is one; None: it doesn't say.
    words
        The answer, shortened.
    seconds, failure
        What it took; why there is none.
    """

    patient: Patient
    seed: int
    said: tuple[tuple[tuple[str, ...], str], ...]
    signal: bool | None
    words: str
    seconds: float
    failure: str = ""


def recipe_remarks(f: dict[str, Any]) -> list[dict[str, str]]:
    """Return what the figures of the scikit-learn recipe say, as remarks."""
    better = f["dummy_auc"] + 2 * f["auc_se"]
    told = []
    if f["p"] > LEVEL:
        rises = f["curve"][-1] - f["curve"][-2] > f["curve_sd"][-1]
        told.append("nothing, more rows help" if rises else "nothing")
    elif f["own_auc"] <= better:
        told.append("another model learns" if f["model_auc"] > better else "gone on later rows")
    if f["own_train_auc"] - f["own_auc"] >= GAP:
        told.append("overfits")
    return [{"id": name, "text": name, "severity": "issue"} for name in told]


def signal_of(peer: str, ids: set[str], figures: dict[str, Any]) -> bool | None:
    """Return whether a peer finds a signal; None where it doesn't say.

    Parameters
    ----------
    ids
        Remarks that a rule knows.
    figures
        The peer's figures.
    """
    if peer == "recipe":
        if "nothing, more rows help" in ids:
            return None
        return bool(figures["p"] <= LEVEL)
    if peer == "skore":
        if "SKD002 and SKD009" in ids or "SKD009" in ids:
            return True
        if "SKD002" in ids:
            return False
        return None if "SKD001" in ids else True
    if peer == "deepchecks":
        return "SimpleModelComparison" not in ids
    return False if "label" in ids else None


def understand(peer: str, answer: dict[str, Any], patient: Patient, seed: int) -> Read:
    """Apply RULES to a peer's answer."""
    figures, remarks = answer["figures"], answer["remarks"]
    if answer["failure"]:
        why = answer["failure"].strip().splitlines()[-1]
        return Read(patient, seed, (), None, "broke off", answer["seconds"], why)
    if peer == "recipe":
        remarks = recipe_remarks(figures)
    beaten = any(r["id"] == "SKD009" and "significantly worse" in r["text"] for r in remarks)
    if beaten and any(r["id"] == "SKD002" for r in remarks):
        remarks = [r for r in remarks if r["id"] != "SKD009"]
    ranked = []
    for place, rule in enumerate(RULES[peer]):
        for remark in remarks:
            name = remark["id"]
            if name == "SKD002" and beaten:
                name = "SKD002 and SKD009"
            shared = figures.get(name, 1.0) >= rule.share if rule.share else True
            if name == rule.id and rule.says in remark["text"] and shared:
                severity = rule.severity or remark["severity"]
                ranked.append((severity != "issue", place, rule, severity))
                break
    ranked.sort(key=lambda found: found[:2])
    ids = {rule.id for *_, rule, _ in ranked}
    return Read(
        patient,
        seed,
        tuple((rule.causes, severity) for *_, rule, severity in ranked),
        signal_of(peer, ids, figures),
        words(peer, remarks, figures, [rule.id for *_, rule, _ in ranked]),
        answer["seconds"],
    )


def words(peer: str, remarks: list[dict[str, str]], figures: dict[str, Any], ids: list[str]) -> str:
    """Return an answer in a few of the peer's words: what stands for a cause first."""
    if peer == "recipe":
        told = f"p {figures['p']:.2f}, own AUC {figures['own_auc']:.2f}"
        return "; ".join([told, *(r["text"] for r in remarks)])
    if peer == "cleanlab":
        shares = (f"{i} {figures[i]:.0%}" if i == "label" else i for i in ids)
        return ", ".join(shares) or f"label {figures.get('label', 0.0):.0%}"
    titles = {r["id"]: r["text"].split(":")[0] for r in remarks}
    titles |= {"SKD002 and SKD009": "Potential underfitting, worse than boosting"}
    titles |= {
        "SKD009": "worse than boosting",
        "SimpleModelComparison": "no better than simple model",
    }
    return ", ".join(titles[i].removeprefix("Potential ").lower() for i in dict.fromkeys(ids))


# Counting


def first_right(read: Read) -> bool:
    """Tell whether a right cause is among those of the first remark; healthy: nothing is blamed."""
    if read.patient.healthy:
        return not alarmed(read) and not read.failure
    return bool(read.said) and any(cause in read.patient.accepted for cause in read.said[0][0])


def alarmed(read: Read) -> bool:
    """Tell whether an issue stands for causes none of which may be said."""
    return any(
        severity == "issue" and not set(causes) & set(read.patient.debatable)
        for causes, severity in read.said
    )


def half_right(read: Read) -> bool:
    """Tell whether the first remark names the right one of model and data, whatever the cause."""
    if not read.said:
        return False
    return {half_of(c) for c in read.said[0][0]} == {half_of(read.patient.accepted[0])}


def half_of(cause: str) -> str:
    """Return on which half of the question a cause lies: the model's or the data's."""
    ours = (Side.MODEL, Side.TRAINING, Side.PRIOR)
    return "model" if CAUSES[cause].side in ours else "data"


def tell(hits: Iterable[bool]) -> str:
    """Return a share as hits/cases and its value."""
    counted = list(hits)
    return f"{sum(counted)}/{len(counted)} = {sum(counted) / len(counted):.2f}" if counted else "–"


def figures_of(reads: Sequence[Read]) -> dict[str, str]:
    """Return the gauntlet's figures of one peer's answers."""
    sick = [r for r in reads if not r.patient.healthy]
    noise = [r for r in reads if "no_signal" in r.patient.causes]
    signal = [r for r in reads if r.patient.learnable]

    def holds(read: Read, causes: tuple[str, ...]) -> bool:
        p = read.patient
        return bool({*p.causes, *p.accepted, *p.debatable} & set(causes))

    counted = [(r, c) for r in reads for c, severity in r.said if severity == "issue" or holds(r, c)]
    return {
        "right cause first, all": tell(first_right(r) for r in reads),
        "right cause first, sick patients": tell(first_right(r) for r in sick),
        "right half of the question first (model or data), sick": tell(half_right(r) for r in sick),
        "recall of any cause": tell(
            any(cause in causes for causes, _ in r.said) for r in sick for cause in r.patient.causes
        ),
        "precision of what is said": tell(holds(r, c) for r, c in counted),
        "false alarm on healthy patients": tell(alarmed(r) for r in reads if r.patient.healthy),
        "signal claimed where labels are chance": tell(r.signal is True for r in noise),
        "no signal said though there is one": tell(r.signal is False for r in signal),
        "nothing said of sick patients": tell(not r.said for r in sick),
        "broke off": tell(bool(r.failure) for r in reads),
        "seconds a patient, median": f"{np.median([r.seconds for r in reads]):.0f}",
    }


def fireassay_reads(gauntlet: Path, half: Half, seen: set[tuple[str, int]]) -> list[Read]:
    """Return what fireassay said of the same patients and seeds, from a gauntlet's folder.

    Its `gauntlet.json` counts all its seeds together, so its visits are read.
    """
    found = []
    for v in read(gauntlet):
        if v.half is half and (v.patient, v.seed) in seen:
            signal = (
                False if "no_signal" in v.primary else True if "no_signal" in v.excluded else None
            )
            said = tuple(((cause,), "issue") for cause in v.primary)
            text = ", ".join(v.primary) or "nothing blamed"
            patient = PATIENTS[v.patient]
            found.append(Read(patient, v.seed, said, signal, text, v.seconds, v.failure))
    return found


# Telling


def markdown(reads: dict[str, list[Read]]) -> str:
    """Return the table of figures and that of patients as Markdown."""
    peers = list(reads)
    counted = {peer: figures_of(found) for peer, found in reads.items()}
    lines = [f"| figure | {' | '.join(peers)} |", "| --- |" + " --- |" * len(peers)]
    lines += [
        f"| {figure} | {' | '.join(counted[peer][figure] for peer in peers)} |"
        for figure in counted[peers[0]]
    ]
    lines += [
        "",
        f"| patient, true causes | {' | '.join(peers)} |",
        "| --- |" + " --- |" * len(peers),
    ]
    seen = {r.patient.name: r.patient for found in reads.values() for r in found}
    for p in sorted(seen.values(), key=lambda p: (p.healthy, p.name)):
        cells = [_cell([r for r in found if r.patient is p]) for found in reads.values()]
        lines.append(f"| {p.name}: {', '.join(p.causes) or 'healthy'} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(reads: list[Read]) -> str:
    """Return how often the first was right, and the words of the first seed."""
    if not reads:
        return "not asked"
    return f"{sum(first_right(r) for r in reads)}/{len(reads)} {reads[0].words or 'nothing'}"


def collect(folder: Path) -> dict[str, list[Read]]:
    """Read every peer's answers that lie in a folder."""
    found: dict[str, list[Read]] = {peer: [] for peer in SCRIPTS}
    for case in sorted(folder.iterdir()):
        if not (case / "case.json").exists():
            continue
        about = json.loads((case / "case.json").read_text(encoding="utf-8"))
        for peer, reads in found.items():
            kept = case / f"{peer}.json"
            if kept.exists():
                answer = json.loads(kept.read_text(encoding="utf-8"))
                reads.append(understand(peer, answer, PATIENTS[about["patient"]], about["seed"]))
    return {peer: reads for peer, reads in found.items() if reads}


def main() -> None:
    """Hand over, ask, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where cases and answers are kept")
    parser.add_argument("--python", help="interpreter with peers/requirements.txt")
    parser.add_argument("--deepchecks", help="interpreter with peers/requirements-deepchecks.txt")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--half", type=Half, default=Half.REPORTED)
    parser.add_argument("--patients", nargs="*", default=handed_over())
    parser.add_argument("--gauntlet", type=Path, help="folder of a gauntlet on the same patients")
    chosen = parser.parse_args()
    pythons = {peer: chosen.python for peer in SCRIPTS if peer != "deepchecks" and chosen.python}
    if chosen.deepchecks:
        pythons["deepchecks"] = chosen.deepchecks
    for seed in range(chosen.seeds):
        for name in chosen.patients:
            case = chosen.folder / f"{name}-{seed}"
            if not (case / "case.json").exists():
                began = time.perf_counter()
                hand_over(name, chosen.half, seed, case)
                print(f"{case.name} {time.perf_counter() - began:.1f} s", file=sys.stderr)
        ask(chosen.folder, pythons)
    reads = collect(chosen.folder)
    if chosen.gauntlet:
        asked = {(r.patient.name, r.seed) for found in reads.values() for r in found}
        reads["fireassay"] = fireassay_reads(chosen.gauntlet, chosen.half, asked)
        if not reads["fireassay"]:
            raise SystemExit(
                f"{chosen.gauntlet}: no visits of these patients on the {chosen.half} half"
            )
    print(markdown({peer: found for peer, found in reads.items() if found}))


if __name__ == "__main__":
    main()
