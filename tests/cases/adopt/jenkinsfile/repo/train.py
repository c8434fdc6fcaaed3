import argparse
import json
import os

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--rounds', type=int, default=1)
    args = parser.parse_args()
    os.makedirs('model', exist_ok=True)
    with open('model/weather.json', 'w') as f:
        json.dump({'rounds': args.rounds}, f)
