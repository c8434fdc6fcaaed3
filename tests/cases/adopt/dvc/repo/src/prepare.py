import os
import sys

import yaml

params = yaml.safe_load(open('params.yaml'))['prepare']

if len(sys.argv) != 2:
    sys.exit('usage: prepare.py data-file')

os.makedirs(os.path.join('data', 'prepared'), exist_ok=True)
