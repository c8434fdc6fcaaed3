"""A Python file read by its syntax tree: whether it is a script, what it takes, reads and writes. Nothing is run."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from pipeline_kit.adopt.read.paths import PathReader

LARGEST_SOURCE = 400_000  # characters

_ROLE_WORDS = {
    "train": "train training trainer fit finetune finetuning",
    "evaluate": "evaluate evaluation eval score scoring validate",
    "predict": "predict prediction inference infer serve serving",
    "prepare": "prepare preprocess preprocessing dataset features featurize featurization etl clean split ingest",
}
MODEL_WRITERS = {
    "joblib.dump": 1, "dump": 1, "torch.save": 1, "onnx.save": 1, "save_file": 1, "pickle.dump": 1,
    "cloudpickle.dump": 1, "dill.dump": 1, "tf.saved_model.save": 1,
}  # fmt: skip
"""Calls that write a model, with the place of the path among their arguments."""
MODEL_METHODS = {"save_model": 0, "save_pretrained": 0, "save_weights": 0, "save": 0, "booster_save": 0}
MODEL_READERS = ("joblib.load", "torch.load", "pickle.load", "load_model", "keras.models.load_model", "from_pretrained")
DATA_READERS = ("read_csv", "read_parquet", "read_table", "loadtxt", "genfromtxt", "np.load", "numpy.load", "scan_csv")
DATA_SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")
MODEL_SUFFIXES = (
    ".pkl", ".pickle", ".joblib", ".pt", ".pth", ".onnx", ".h5", ".keras", ".safetensors", ".ckpt", ".bin", ".cbm",
    ".ubj",
)  # fmt: skip


class Role(Enum):
    """What a script is for, by its name and by what it writes."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    PREDICT = "predict"
    PREPARE = "prepare"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Option:
    """An option of argparse or click; `default` is its text where it is a literal one."""

    flag: str
    line: int
    required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """A file that the script reads or writes; `option` is the one whose value names it."""

    path: str | None
    line: int
    call: str
    option: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What a Python file is and does, as far as it can be read."""

    file: str
    role: Role
    main_line: int | None = None
    acts_at_import: bool = False
    imports: frozenset[str] = frozenset()
    options: tuple[Option, ...] = ()
    hydra_line: int | None = None
    models: tuple[Touched, ...] = ()
    models_read: tuple[Touched, ...] = ()
    metrics: tuple[Touched, ...] = ()
    data: tuple[Touched, ...] = ()

    @property
    def is_runnable(self) -> bool:
        """Whether running the file does something."""
        return self.main_line is not None or self.acts_at_import


def read_script(file: str, text: str) -> Script | None:
    """The script, or None where this Python cannot read it."""
    if len(text) > LARGEST_SOURCE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in the project's strings is not the kit's concern
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(ast.walk(module))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    options = _options(calls)
    touched = _Touches(PathReader(nodes, {option.flag: option.default for option in options}))
    for call in calls:
        touched.see(call)
    hydra = next((call.lineno for call in calls if dotted(call.func) == "hydra.main"), None)
    main = next((statement.lineno for statement in module.body if _is_main_guard(statement)), None)
    acts = any(_acts(statement) for statement in module.body)
    return Script(
        file=file,
        role=_role(file, bool(touched.models), main is not None or acts),
        main_line=main,
        acts_at_import=acts,
        imports=frozenset(_imports(nodes)),
        options=tuple(options),
        hydra_line=hydra,
        models=tuple(touched.models),
        models_read=tuple(touched.models_read),
        metrics=tuple(touched.metrics),
        data=tuple(touched.data),
    )


def _role(file: str, writes_model: bool, runs: bool) -> Role:
    """The role that the file's name says; a runnable file that writes a model trains."""
    words = re.split(r"[^a-z0-9]+", PurePosixPath(file).stem.lower())
    for role, names in _ROLE_WORDS.items():
        if set(words) & set(names.split()):
            return Role(role)
    return Role.TRAIN if writes_model and runs else Role.OTHER


def _is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__"`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    names = {side.id for side in sides if isinstance(side, ast.Name)}
    return "__name__" in names and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)


def _acts(node: ast.stmt) -> bool:
    """Whether a statement at the top of a module does more than define: a loop, or a call whose value is not kept."""
    if isinstance(node, ast.For | ast.While | ast.With):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _imports(nodes: list[ast.AST]) -> set[str]:
    """The top-level modules that are imported absolutely."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _options(calls: list[ast.Call]) -> list[Option]:
    """The options declared with argparse and click."""
    options = []
    for call in calls:
        name = dotted(call.func).rpartition(".")[2]
        flags = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name not in ("add_argument", "option") or not flags or not any(flag.startswith("--") for flag in flags):
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        required, default = given.get("required"), given.get("default")
        text = str(default.value) if isinstance(default, ast.Constant) and isinstance(default.value, str) else None
        long = next(flag for flag in flags if flag.startswith("--"))
        is_required = isinstance(required, ast.Constant) and required.value is True
        options.append(Option(long, call.lineno, is_required, text))
    return options


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute; of anything else its last part."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


class _Touches:
    """Sorts calls by what they do to files."""

    def __init__(self, paths: PathReader) -> None:
        self.paths = paths
        self.models: list[Touched] = []
        self.models_read: list[Touched] = []
        self.metrics: list[Touched] = []
        self.data: list[Touched] = []

    def see(self, call: ast.Call) -> None:
        """Takes one call."""
        name = dotted(call.func)
        last = name.rpartition(".")[2]
        if name in ("json.dump", "yaml.dump", "yaml.safe_dump"):
            self._take(self.metrics, call, 1, _like_metrics)
            self._take(self.models, call, 1, lambda path: _like_model(path) and not _like_metrics(path))
        elif name in MODEL_WRITERS:
            self._take(self.models, call, MODEL_WRITERS[name], lambda path: True)
        elif last in MODEL_METHODS and "." in name:
            self._take(self.models, call, MODEL_METHODS[last], lambda path: last != "save" or _like_model(path))
        elif name in MODEL_READERS or last in ("load_model", "from_pretrained"):
            self._take(self.models_read, call, 0, lambda path: "/" in path or _like_model(path))
        elif name in DATA_READERS or last in DATA_READERS:
            self._take(self.data, call, 0, lambda path: path.lower().endswith(DATA_SUFFIXES))
        elif last == "write_text":
            self._written(call)

    def _written(self, call: ast.Call) -> None:
        """Takes a call of `write_text`, by the name of the file; an option may name its folder."""
        if not isinstance(call.func, ast.Attribute):
            return
        path, option = self.paths.read(call.func.value)
        words = [node.value for node in ast.walk(call.func.value) if isinstance(node, ast.Constant)]
        named = path or next((str(word) for word in reversed(words) if isinstance(word, str)), "")
        touched = Touched(path, call.lineno, "write_text", option)
        if path and _like_metrics(path):
            self.metrics.append(touched)
        elif _like_model(named) and (path or option):
            self.models.append(touched)

    def _take(self, kept: list[Touched], call: ast.Call, place: int, fits: object) -> None:
        node = call.args[place] if len(call.args) > place else self.paths.keyword(call)
        if node is None:
            return
        path, option = self.paths.read(node)
        if path is not None and callable(fits) and not fits(path):
            return
        if path is not None or option is not None:
            kept.append(Touched(path, call.lineno, dotted(call.func), option))


def _like_metrics(path: str) -> bool:
    """Whether a path looks like that of figures."""
    return "metric" in path.lower() or "score" in path.lower()


def _like_model(path: str) -> bool:
    """Whether a path looks like a model's."""
    return path.lower().endswith(MODEL_SUFFIXES) or "model" in path.lower()
