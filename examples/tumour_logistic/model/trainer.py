"""Learns the weights."""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from model.data_loader import Scaling
from model.model import POSITIVE, TumourModel

Record = Callable[[dict[str, float]], None]


def train(
    values: np.ndarray,
    diagnoses: Sequence[str],
    scaling: Scaling,
    strengths: Sequence[float],
    seed: int,
    record: Record,
) -> TumourModel:
    """The model of the regularisation that cross-validates best.

    `values` are scaled, rows x features. `strengths` are scikit-learn's C: the larger, the weaker the
    regularisation. `record` gets a row a strength: log loss and accuracy on training rows held out.
    One thread: sums of several threads differ in their last digits from run to run.
    """
    truth = np.array([diagnosis == POSITIVE for diagnosis in diagnoses])
    with threadpool_limits(limits=1):
        losses = []
        for strength in strengths:
            loss, accuracy = cross_validate(values, truth, strength, seed)
            losses.append(loss)
            record({"strength": strength, "log_loss": loss, "accuracy": accuracy})
        best = strengths[int(np.argmin(losses))]
        fitted = classifier(best).fit(values, truth)
    return TumourModel(scaling, fitted.coef_[0], float(fitted.intercept_[0]))


def cross_validate(values: np.ndarray, truth: np.ndarray, strength: float, seed: int) -> tuple[float, float]:
    """Log loss and accuracy over five folds, each predicted by a model that has not seen it."""
    probabilities = np.empty(len(truth))
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
    for learned, held_out in folds.split(values, truth):
        fitted = classifier(strength).fit(values[learned], truth[learned])
        probabilities[held_out] = fitted.predict_proba(values[held_out])[:, 1]
    return float(log_loss(truth, probabilities)), float(accuracy_score(truth, probabilities >= 0.5))


def classifier(strength: float) -> LogisticRegression:
    """An untrained logistic regression; lbfgs starts from zero and draws nothing."""
    return LogisticRegression(C=strength, solver="lbfgs", max_iter=2000, tol=1e-6)
