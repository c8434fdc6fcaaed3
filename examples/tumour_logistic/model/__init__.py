"""Classifies tumours as malignant or benign by a logistic regression."""
