import json
import sys


def fit(points):
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return slope, mean_y - slope * mean_x


if __name__ == "__main__":
    slope, intercept = fit([(0, 1), (1, 3), (2, 5)])
    json.dump({"slope": slope, "intercept": intercept}, sys.stdout)
