"""Tells malignant from benign tumours by a logistic regression."""
