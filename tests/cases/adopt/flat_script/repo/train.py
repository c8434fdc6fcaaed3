import json
import runpy
from pathlib import Path

OUT = Path("model.json")

if __name__ == "__main__":
    scope = runpy.run_path("iris.py")
    OUT.write_text(json.dumps(scope["model"]))
