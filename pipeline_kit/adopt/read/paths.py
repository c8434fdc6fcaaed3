"""Paths in Python source: literals, joined literals, names of them, and values of options."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pipeline_kit.adopt.read.tree import is_plain

DEEPEST = 8


class PathReader:
    """Reads expressions as relative paths, as far as they are literal."""

    def __init__(self, nodes: Sequence[ast.AST], options: Mapping[str, str | None]) -> None:
        self.options = {flag.lstrip("-").replace("-", "_"): (flag, default) for flag, default in options.items()}
        self.names: dict[str, list[ast.expr]] = {}
        self.opened: dict[str, list[ast.expr]] = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.names.setdefault(node.targets[0].id, []).append(node.value)
            elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
                self.opened.setdefault(node.optional_vars.id, []).append(node.context_expr)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._defaults(node)

    def _defaults(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Keeps the defaults of a function's arguments as if they were assigned."""
        named = [*node.args.posonlyargs, *node.args.args]
        for argument, default in zip(reversed(named), reversed(node.args.defaults), strict=False):
            self.names.setdefault(argument.arg, []).append(default)

    def read(self, node: ast.AST) -> tuple[str | None, str | None]:
        """The path, where it is a plain relative one; and the option that names it, where one does."""
        path, option = self._read(node, DEEPEST)
        if path is not None:
            path = str(PurePosixPath(path)) if path.strip() else None
        return (path if path and is_plain(path) else None), option

    def keyword(self, call: ast.Call) -> ast.expr | None:
        """The path among the keywords of a call."""
        expected = ("filename", "f", "path", "filepath", "fname", "filepath_or_buffer", "file")
        return next((keyword.value for keyword in call.keywords if keyword.arg in expected), None)

    def _read(self, node: ast.AST, depth: int) -> tuple[str | None, str | None]:
        if depth == 0:
            return None, None
        match node:
            case ast.Constant(value=str(text)):
                return text, None
            case ast.Name(id=name):
                return self._named(name, node.lineno, depth)
            case ast.Attribute(attr=name) if name in self.options:
                flag, default = self.options[name]
                return default, flag
            case ast.Subscript(slice=ast.Constant(value=str(name))) if name in self.options:
                flag, default = self.options[name]
                return default, flag
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joined([left, right], depth)
            case ast.Call(func=function, args=arguments) if arguments:
                return self._called(function, arguments, depth)
            case ast.Call(func=ast.Attribute(value=inner)):
                return self._read(inner, depth - 1)
        return None, None

    def _named(self, name: str, line: int, depth: int) -> tuple[str | None, str | None]:
        """The value of a name: the last assignment above the line, or the first below it."""
        for given in (self.opened.get(name), self.names.get(name)):
            if given:
                above = [expression for expression in given if expression.lineno <= line]
                return self._read(max(above, key=lambda each: each.lineno) if above else given[0], depth - 1)
        if name in self.options:  # click hands an option over as an argument of its name
            flag, default = self.options[name]
            return default, flag
        return None, None

    def _called(self, function: ast.expr, arguments: Sequence[ast.expr], depth: int) -> tuple[str | None, str | None]:
        name, first = _last_name(function), arguments[0]
        if name == "join":
            return self._joined(arguments, depth)
        is_mode = isinstance(first, ast.Constant) and first.value in ("w", "wb", "r", "rb")
        if name == "open" and is_mode and isinstance(function, ast.Attribute):  # Path(...).open("wb")
            return self._read(function.value, depth - 1)
        if name in ("open", "Path", "PurePath", "str", "fspath", "to_absolute_path"):
            return self._read(arguments[0], depth - 1)
        return None, None

    def _joined(self, parts: Sequence[ast.expr], depth: int) -> tuple[str | None, str | None]:
        read = [self._read(part, depth - 1) for part in parts]
        option = next((text for _, text in read if text), None)
        texts = [text for text, _ in read if text is not None]
        if len(texts) < len(read):
            return None, None if option is None else option
        return str(PurePosixPath(*texts)), option


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
