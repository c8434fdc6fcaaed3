"""Every metric against scikit-learn, on random and on edge inputs."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from pipeline_kit.gates import confusion
from pipeline_kit.gates.curves import calibration, roc_curve
from pipeline_kit.gates.metric import Score, Undefined
from pipeline_kit.gates.metrics import counts, regression
from pipeline_kit.gates.metrics.brier import brier, brier_multiclass
from pipeline_kit.gates.metrics.ece import calibration_error
from pipeline_kit.gates.metrics.log_loss import log_loss
from pipeline_kit.gates.metrics.roc_auc import roc_auc, roc_auc_ovr

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:sklearn")  # it warns of every edge that is tried here

PROBABILITY = st.one_of(
    st.floats(0, 1, width=32), st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0]), st.just(0.5)
)
TWO = st.lists(st.tuples(st.booleans(), st.booleans(), PROBABILITY), min_size=1, max_size=60)
MANY = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)
NUMBER = st.floats(-1e6, 1e6, allow_subnormal=False)
PAIRS = st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=60)

PERFECT = [(True, True, 1.0), (False, False, 0.0)]
INVERTED = [(True, False, 0.0), (False, True, 1.0)]
CONSTANT = [(True, True, 0.5), (False, True, 0.5), (False, True, 0.5)]
ONE_CLASS = [(True, True, 0.9), (True, False, 0.4)]
NONE_FOUND = [(True, False, 0.4), (False, False, 0.1)]


def close(ours: Score, theirs: float) -> bool:
    """Equal up to the rounding of a long sum; undefined only where scikit-learn is asked for NaN and gives it."""
    if isinstance(ours, Undefined):
        return bool(np.isnan(theirs))
    return bool(np.isclose(ours, theirs, rtol=1e-9, atol=1e-12))


@given(TWO)
@example(PERFECT)
@example(INVERTED)
@example(ONE_CLASS)
@example(NONE_FOUND)
@example([(False, False, 0.0)])
def test_two_classes(rows: list[tuple[bool, bool, float]]) -> None:
    """Accuracy, precision, recall and F1 of two classes agree, and are undefined exactly where 0/0 is."""
    truth, guess = [str(int(row[0])) for row in rows], [str(int(row[1])) for row in rows]
    table = confusion.confusion(truth, guess)
    positive = table.counts("1")
    asked = {"pos_label": "1", "zero_division": np.nan}
    assert close(counts.accuracy(table), sk.accuracy_score(truth, guess))
    if "1" not in {*truth, *guess}:
        assert isinstance(counts.f1(positive), Undefined)
        return
    assert close(counts.precision(positive), sk.precision_score(truth, guess, **asked))
    assert close(counts.recall(positive), sk.recall_score(truth, guess, **asked))
    assert close(counts.f1(positive), sk.f1_score(truth, guess, **asked))
    assert [list(row) for row in table.matrix] == sk.confusion_matrix(truth, guess, labels=table.labels).tolist()


@given(TWO)
@example(PERFECT)
@example(INVERTED)
@example(CONSTANT)
@example(ONE_CLASS)
def test_roc_auc(rows: list[tuple[bool, bool, float]]) -> None:
    """The area agrees, ties and constant scores included; with one class there is none."""
    hits, scores = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    ours = roc_auc(hits, scores)
    if hits.all() or not hits.any():
        assert isinstance(ours, Undefined)
    else:
        assert close(ours, sk.roc_auc_score(hits, scores))


@given(TWO)
@example(PERFECT)
@example(INVERTED)
@example(CONSTANT)
def test_log_loss(rows: list[tuple[bool, bool, float]]) -> None:
    """The log loss agrees; where a true class was given probability 0 it is infinite, so undefined, and not clipped."""
    hits, chance = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    ours = log_loss(np.where(hits, chance, 1.0 - chance))
    if (np.where(hits, chance, 1.0 - chance) == 0).any():
        assert isinstance(ours, Undefined)
        assert "infinite" in ours.reason
    else:
        assume(chance.min() > 1e-15 or not hits.any())
        both = np.column_stack([1.0 - chance, chance])
        assert np.isclose(float(ours), sk.log_loss(hits, both, labels=[False, True]), rtol=1e-9, atol=1e-12)


@given(TWO)
@example(PERFECT)
@example(INVERTED)
def test_brier(rows: list[tuple[bool, bool, float]]) -> None:
    """The Brier score of two classes agrees."""
    hits, chance = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    assert close(brier(hits, chance), sk.brier_score_loss(hits, chance, pos_label=True))


@given(TWO, st.integers(1, 20))
@example(CONSTANT, 10)
@example([(True, True, 0.1), (False, False, 0.2), (True, True, 1.0)], 10)
def test_calibration(rows: list[tuple[bool, bool, float]], bins: int) -> None:
    """The calibration bins agree, edges included, and the error is their weighted distance."""
    hits, chance = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    curve = calibration(hits, chance, bins)
    held, said = calibration_curve(hits, chance, pos_label=True, n_bins=bins, strategy="uniform")
    assert np.allclose([each.held for each in curve], held)
    assert np.allclose([each.said for each in curve], said)
    assert sum(each.rows for each in curve) == len(rows)
    weights = np.array([each.rows for each in curve]) / len(rows)
    assert close(calibration_error(curve), float(np.sum(weights * np.abs(held - said))))


@given(MANY)
@example([(0, 0), (1, 1), (2, 2), (3, 3)])
@example([(0, 1), (1, 2), (2, 0)])
@example([(0, 0)])
def test_many_classes(rows: list[tuple[int, int]]) -> None:
    """Macro precision, recall and F1 agree wherever every class has one; otherwise they are undefined."""
    truth, guess = [str(row[0]) for row in rows], [str(row[1]) for row in rows]
    table = confusion.confusion(truth, guess)
    pairs = [
        (counts.precision, sk.precision_score),
        (counts.recall, sk.recall_score),
        (counts.f1, sk.f1_score),
    ]
    for ours, theirs in pairs:
        each = theirs(truth, guess, average=None, zero_division=np.nan)
        expected = float("nan") if np.isnan(each).any() else float(np.mean(each))
        assert close(counts.macro(ours, table), expected)
    assert close(counts.accuracy(table), sk.accuracy_score(truth, guess))


@given(st.integers(2, 5), st.integers(1, 60), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60)
def test_many_probabilities(classes: int, rows: int, seed: int, tied: bool) -> None:
    """One-vs-rest ROC AUC, log loss and the Brier score of many classes agree; a class without rows has no AUC."""
    random = np.random.default_rng(seed)
    labels = [str(label) for label in range(classes)]
    truth = [labels[index] for index in random.integers(0, classes, rows)]
    chances = random.integers(1, 4, (rows, classes)) if tied else random.random((rows, classes)) + 1e-3
    chances = chances / chances.sum(axis=1, keepdims=True)
    given_true = chances[np.arange(rows), [labels.index(label) for label in truth]]
    assert close(log_loss(given_true), sk.log_loss(truth, chances, labels=labels))
    theirs = sk.brier_score_loss(truth, chances, labels=labels, scale_by_half=False)
    assert close(brier_multiclass(truth, labels, chances), theirs)
    area = roc_auc_ovr(truth, labels, chances)
    if len(set(truth)) < classes:
        assert isinstance(area, Undefined)
    elif classes == 2:
        assert close(area, sk.roc_auc_score(truth, chances[:, 1]))
    else:
        assert close(area, sk.roc_auc_score(truth, chances, multi_class="ovr", average="macro", labels=labels))


@given(PAIRS)
@example([(1.0, 1.0), (2.0, 2.0)])
@example([(1.0, 2.0), (2.0, 1.0)])
@example([(3.0, 1.0)])
@example([(0.1, 0.1), (0.1, 0.2), (0.1, 0.3)])
def test_numbers(rows: list[tuple[float, float]]) -> None:
    """Squared, absolute and root error and R2 agree; R2 of a constant target is undefined, not 0 or 1."""
    truth, guess = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    assert close(regression.mse(truth, guess), sk.mean_squared_error(truth, guess))
    assert close(regression.mae(truth, guess), sk.mean_absolute_error(truth, guess))
    assert close(regression.rmse(truth, guess), sk.root_mean_squared_error(truth, guess))
    ours = regression.r2(truth, guess)
    if len(set(truth.tolist())) < 2:
        assert isinstance(ours, Undefined)
    else:
        spread = np.ptp(truth) / max(1.0, np.abs(truth).max())
        assume(spread > 1e-5)
        assert np.isclose(float(ours), sk.r2_score(truth, guess), rtol=1e-6)


@given(TWO)
@example(PERFECT)
@example(CONSTANT)
def test_roc_curve(rows: list[tuple[bool, bool, float]]) -> None:
    """The curve's points are scikit-learn's, from (0, 0) to (1, 1)."""
    hits, scores = np.array([row[0] for row in rows]), np.array([row[2] for row in rows])
    curve = roc_curve(hits, scores)
    if hits.all() or not hits.any():
        assert curve == ()
        return
    false, true, _ = sk.roc_curve(hits, scores, drop_intermediate=False)
    assert np.allclose(curve, np.column_stack([false, true]))


def test_the_matrix_of_the_textbook() -> None:
    """TP 90, FN 10, FP 20, TN 30: accuracy 0.800, precision 0.818 (not the accuracy), recall 0.900, F1 0.857."""
    truth = ["1"] * 100 + ["0"] * 50
    guess = ["1"] * 90 + ["0"] * 10 + ["1"] * 20 + ["0"] * 30
    table = confusion.confusion(truth, guess)
    positive = table.counts("1")
    assert (positive.true_positive, positive.false_negative) == (90, 10)
    assert (positive.false_positive, positive.true_negative) == (20, 30)
    precision, recall = counts.precision(positive), counts.recall(positive)
    assert isinstance(precision, float)
    assert isinstance(recall, float)
    assert f"{counts.accuracy(table):.3f}" == "0.800"
    assert f"{precision:.3f}" == "0.818"
    assert f"{recall:.3f}" == "0.900"
    assert f"{counts.f1(positive):.3f}" == "0.857"
    assert counts.f1(positive) == pytest.approx(2 * precision * recall / (precision + recall))


def test_long_roc_curves_are_thinned() -> None:
    """Ten thousand thresholds leave at most 200 points, both ends among them, in order."""
    random = np.random.default_rng(7)
    curve = roc_curve(random.random(10_000) < 0.4, random.random(10_000))
    assert len(curve) == 200
    assert curve[0] == (0.0, 0.0)
    assert curve[-1] == (1.0, 1.0)
    assert list(curve) == sorted(curve)


@given(st.permutations(range(12)))
def test_order_of_rows_changes_no_bit(order: list[int]) -> None:
    """Sums are exactly rounded, so shuffled rows give the very same floats."""
    random = np.random.default_rng(3)
    hits, chance = random.random(12) < 0.5, random.random(12)
    truth, guess = random.normal(size=12), random.normal(size=12)
    for metric in (regression.mse, regression.mae, regression.rmse, regression.r2):
        assert metric(truth[order], guess[order]) == metric(truth, guess)
    assert brier(hits[order], chance[order]) == brier(hits, chance)
    assert log_loss(chance[order]) == log_loss(chance)
    assert roc_auc(hits[order], chance[order]) == roc_auc(hits, chance)


def test_overflow_is_undefined() -> None:
    """Numbers whose squares no float can hold give no metric, and no warning, and R2 never becomes 1 by infinity."""
    huge = np.array([1e300, -1e300, 5.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(regression.mse(huge, -huge), Undefined)
        assert isinstance(regression.rmse(huge, -huge), Undefined)
        assert isinstance(regression.r2(huge, huge), Undefined)
        assert isinstance(regression.mae(np.array([1.7e308]), np.array([-1.7e308])), Undefined)
        assert isinstance(regression.r2(np.array([1e-200, 2e-200]), np.array([0.0, 0.0])), Undefined)
    assert isinstance(regression.mse(np.array([]), np.array([])), Undefined)
