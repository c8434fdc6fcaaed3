"""Finds timed assertions: they fail on a busy machine and show nothing that an order of events would not show."""

from __future__ import annotations

import ast
from collections.abc import Callable

CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time"}
CLOCKS |= {f"{name}_ns" for name in CLOCKS}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Test = Callable[[ast.AST], bool]


def timed_assertions(text: str) -> list[int]:
    """The lines of a module's assertions that compare durations: differences of clock readings, or what holds one.

    A duration is followed through assignments, `append`, and functions of the module that return it.
    """
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    timers = {function.name for function in functions if returns_duration(function)}
    lines: set[int] = set()
    for scope in (tree, *functions):
        duration = duration_in(scope, timers)
        asserts = [node for node in ast.walk(scope) if isinstance(node, ast.Assert)]
        lines |= {node.lineno for node in asserts if any(compares(part, duration) for part in ast.walk(node.test))}
    return sorted(lines)


def compares(node: ast.AST, duration: Test) -> bool:
    """Whether an expression is a comparison with a duration in it."""
    return isinstance(node, ast.Compare) and any(duration(part) for part in ast.walk(node))


def returns_duration(function: ast.AST) -> bool:
    """Whether a function returns a difference of clock readings."""
    duration = duration_in(function, set())
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
    return any(duration(part) for value in returned for part in ast.walk(value))


def duration_in(scope: ast.AST, timers: set[str]) -> Test:
    """The test whether an expression of the scope is a duration; `timers` are functions that return one."""
    readings = names_holding(scope, is_reading)

    def is_moment(node: ast.AST) -> bool:
        while isinstance(node, ast.Subscript | ast.Attribute):
            node = node.value
        return is_reading(node) or (isinstance(node, ast.Name) and node.id in readings)

    def is_difference(node: ast.AST) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id in timers
        return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and is_moment(node.left)

    durations = names_holding(scope, is_difference)
    return lambda node: is_difference(node) or (isinstance(node, ast.Name) and node.id in durations)


def is_reading(node: ast.AST) -> bool:
    """Whether an expression reads a clock: `time.monotonic()`, `monotonic()` or `time.time()`."""
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return name == "time.time" or name.removeprefix("time.") in CLOCKS


def names_holding(scope: ast.AST, holds: Test) -> set[str]:
    """The names that are assigned an expression, or a collection that one is added to, with a part that `holds`."""
    names: set[str] = set()
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value) if any(holds(part) for part in ast.walk(value)):
                names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "setdefault"), args=arguments):
                if any(holds(part) for argument in arguments for part in ast.walk(argument)):
                    names.add(name)
    return names
