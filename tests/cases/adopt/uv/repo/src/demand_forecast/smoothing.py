"""Exponential smoothing."""


def smooth(values, alpha=0.5):
    level = values[0]
    for value in values[1:]:
        level = alpha * value + (1 - alpha) * level
    return level
