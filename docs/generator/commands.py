"""The page of commands, from the parser that reads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from generator.markdown import code, escaped, fenced, page, sentence, table
from pipeline_kit.cli.parser import build_parser

LINE = 88  # characters that a block shows on the site without scrolling


def commands_page() -> str:
    """Every command with its arguments."""
    parser = build_parser()
    result = dict(commands(parser))
    rows = [(f"[`{name}`](#{name})", escaped(item.description or "")) for name, item in result.items()]
    return page(
        "Commands",
        "Errors go to the standard error stream, each with what, where and what next; the exit code says "
        "[whose failure it was](exit-codes.md). Options are never abbreviated.",
        table(("command", "what it does"), rows),
        table(("option of all commands", "meaning"), [argument_row(argument) for argument in arguments(parser)]),
        *(part for name, item in result.items() for part in command_parts(name, item)),
    )


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parser's commands by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def command_parts(name: str, parser: argparse.ArgumentParser, above: str = "pipeline-kit") -> Iterator[str]:
    """A command's section, and those of the commands in it."""
    own = sorted((argument for argument in arguments(parser) if argument.dest != "directory"), key=is_option)
    yield f"## {name}" if above == "pipeline-kit" else f"### {above.rpartition(' ')[2]} {name}"
    yield escaped(parser.description or "")
    words = [usage_word(item) for item in own]
    inner = dict(commands(parser))
    yield fenced("text", wrapped(f"{above} {name}", [*words, *(["COMMAND"] if inner else [])]))
    yield table(("argument", "meaning"), [argument_row(item) for item in own])
    for item, inside in inner.items():
        yield from command_parts(item, inside, f"{above} {name}")


def wrapped(command: str, words: Sequence[str]) -> str:
    """A usage line, cut where it is too long for a page; an argument stays on one line."""
    lines = [command]
    for word in words:
        if len(lines[-1]) + len(word) < LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(" " * (len(command) + 1) + word)
    return "\n".join(lines)


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The parser's arguments without its help and its commands."""
    skipped = (argparse._HelpAction, argparse._SubParsersAction)
    return [action for action in parser._actions if not isinstance(action, skipped)]


def is_option(action: argparse.Action) -> bool:
    """Whether it begins with a dash; what does not is shown first."""
    return bool(action.option_strings)


def usage_word(action: argparse.Action) -> str:
    """An argument as the usage line shows it: `NAME`, `[--event EVENT]`, `[JOB ...]`."""
    value = value_of(action)
    if action.option_strings:
        text = " ".join(filter(None, [action.option_strings[0], value]))
        return text if action.required else f"[{text}]"
    return {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} ..."}.get(str(action.nargs), value)


def value_of(action: argparse.Action) -> str:
    """The placeholder for an argument's value, empty for a flag."""
    if action.nargs == 0:
        return ""
    word = action.metavar if isinstance(action.metavar, str) else None
    if action.choices and not word:
        return "|".join(str(choice) for choice in action.choices)
    word = word or action.dest.upper()
    return f"{word} ..." if action.option_strings and action.nargs in ("+", "*") else word


def argument_row(action: argparse.Action) -> tuple[str, str]:
    """An argument's row."""
    value = value_of(action)
    names = ", ".join(action.option_strings)
    text = " ".join(filter(None, [names, value]))
    help_text = action.help or "the job's name, as the plan shows it" if action.dest == "name" else action.help or ""
    required = " Required." if action.required and action.option_strings else ""
    return code(text), escaped(sentence(help_text)) + required if help_text else required.strip()
