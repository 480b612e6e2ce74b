"""What is said of printed metrics."""

from __future__ import annotations

import pytest

from fireassay.errors import SettingError
from fireassay.statistics.metrics_reading import MetricsReading, Printed, read_metrics


def text(reading: MetricsReading) -> str:
    return "\n".join(sentence.text for sentence in reading.sentences)


@pytest.fixture(scope="module")
def case() -> MetricsReading:
    """The case that the project starts from."""
    return read_metrics(Printed(f1=0.4435), Printed(f1=0.4898), prevalence=0.4, labels=12_000)


def test_the_numbers_of_the_case(case: MetricsReading) -> None:
    said = text(case)
    assert "at 40.0 % positive labels: F1 .444 for a coin flip" in said
    assert ".571 for always saying positive" in said
    # A coin has the train F1, one that says positive in 63 % of bars the test F1.
    assert (
        "Train F1 .4435 takes no skill: a coin flip has it. Macro or weighted, none either." in said
    )
    assert "Test F1 .4898 takes no skill: saying positive at random in 63.2 % of bars gives" in said
    assert "49.8 % positive calls give .4435, 63.2 % give .4898" in said
    assert "doesn't mean that a model is random" in said
    assert "None of these numbers tells whether there is signal" in said
    assert case.change is not None
    assert case.change.text.startswith("Test F1 is .0463 above train F1.")


def test_it_is_read_in_twenty_seconds(case: MetricsReading) -> None:
    """Half of it is numbers to skim; what classifiers without skill get is a table beside."""
    assert len(text(case).split()) <= 175


def test_an_f1_out_of_reach_without_skill() -> None:
    found = read_metrics(Printed(f1=0.05), Printed(f1=0.7), prevalence=0.4, labels=5000)
    said = text(found)
    assert "Test F1 .7 is out of reach without skill: at most .571 is had so. Nor as macro" in said
    assert "Train F1 .05 takes no skill: saying positive at random in 2.7 % of bars" in said
    between = read_metrics(Printed(), Printed(f1=0.56), prevalence=0.4, labels=5000)
    assert "But as macro F1 at most .500 is had so, as weighted F1 at most .525 is had so" in text(
        between
    )


def test_rows_hold_the_ranges_and_who_has_the_number(case: MetricsReading) -> None:
    rows = {(row["metric"], row["classifier"]): row for row in case.rows}
    coin = rows["F1 of class 1", "coin flip"]
    assert coin["typical"] == pytest.approx(4 / 9)
    assert (coin["train"], coin["test"]) == ("yes", "no")
    assert rows["macro F1", "coin flip"]["test"] == "yes"
    assert "train" not in rows["accuracy", "coin flip"]
    assert len(rows) == 20


def test_a_small_sample_explains_the_difference() -> None:
    found = read_metrics(
        Printed(f1=0.4435), Printed(f1=0.4898), prevalence=0.4, labels=12_000, effective=500
    )
    assert "it means nothing" in text(found)
    assert "500 of the 12,000 labels are taken as independent" in text(found)
    fewer = read_metrics(Printed(f1=0.4435), Printed(f1=0.4898), prevalence=0.4, labels=500)
    assert "about 500 / h" in text(fewer)


def test_accuracy_and_f1_together_tell_the_averaging() -> None:
    found = read_metrics(Printed(accuracy=0.6, f1=0.45), Printed(), prevalence=0.4, labels=12_000)
    said = text(found)
    assert "Train accuracy .6 is no different from always naming the larger class" in said
    # The larger class alone has weighted F1 .45 and accuracy .6; as F1 of class 1 they need skill.
    assert (
        "as weighted F1 they imply positive calls in 0.0 % of bars and a balanced accuracy of .500"
        in said
    )
    assert "as F1 of class 1 they imply" in said
    assert "better than no skill" in said
    assert "they disagree about skill" in said
    impossible = read_metrics(Printed(accuracy=0.95, f1=0.3), Printed(), prevalence=0.4, labels=1000)
    assert text(impossible).count("can't both hold") == 3


@pytest.mark.parametrize(
    ("accuracy", "word"), [(0.70, "is above"), (0.5, "is below"), (0.605, "is no different from")]
)
def test_accuracy_against_the_larger_class(accuracy: float, word: str) -> None:
    found = read_metrics(Printed(), Printed(accuracy=accuracy), prevalence=0.4, labels=5000)
    assert f"Test accuracy {accuracy:g} ".replace("0.", ".") + word in text(found)


@pytest.mark.parametrize(
    ("auc", "word"),
    [
        (0.55, "above chance"),
        (0.505, "inside what a score without skill gets"),
        (0.4, "below chance"),
    ],
)
def test_auc_against_chance(auc: float, word: str) -> None:
    found = read_metrics(Printed(), Printed(auc=auc), prevalence=0.4, labels=5000)
    assert word in text(found)
    assert "None of these numbers" not in text(found)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prevalence": 1.0, "labels": 100}, "prevalence"),
        ({"prevalence": 0.4, "labels": 1}, "too few"),
    ],
)
def test_impossible_settings(settings: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read_metrics(Printed(), Printed(), **settings)


def test_impossible_metrics() -> None:
    with pytest.raises(SettingError, match="test f1 of 44"):
        read_metrics(Printed(), Printed(f1=44.35), prevalence=0.4, labels=100)
