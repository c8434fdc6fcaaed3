def score(x):
    return abs(x)
