import json
import os
import pickle
import sys

if __name__ == '__main__':
    with open(sys.argv[1], 'rb') as fd:
        model = pickle.load(fd)
    os.makedirs('eval', exist_ok=True)
    json.dump({'avg_prec': 0.5}, open('eval/metrics.json', 'w'))
