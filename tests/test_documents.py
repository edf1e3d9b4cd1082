"""What the documents tell people to type is there: commands, options, targets of make, modules, linked files."""

import importlib.util
import itertools
import re
import shlex
from pathlib import Path

import click
import pytest

from surveil.cli import surveil
from training.__main__ import training

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample_data" / "README.md"])
PROGRAMS = {"surveil": surveil, "training": training}
CODE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
PLACEHOLDER = re.compile(r"\.\.\.|…|[|\[\]<>{}()]|\$")
"""A line that holds one of these shows the form of a command, not a command."""
ALTERNATIVES = re.compile(r"[a-z]+(\|[a-z]+)+")


def name_of(path):
    return str(path.relative_to(ROOT))


def lines(path):
    """The command lines of a document's blocks, continued lines joined, and what stands between backticks."""
    text = path.read_text()
    blocks = "\n".join(CODE.findall(text)).replace("\\\n", " ")
    yield from (line.strip().removeprefix("$ ") for line in blocks.splitlines())
    yield from INLINE.findall(CODE.sub("", text))


def arguments(line, program):
    """What follows a program in a line; None where the line is not a call of it."""
    words = re.sub(r"^(\w+=\S+\s+)*(\.venv/bin/|python -m )?", "", line)
    if not re.match(rf"{program}\s", words):
        return None
    return shlex.split(words, comments=True)[1:]


def command_of(program, given):
    """The command that a line calls, and what is left for it; groups' own options are passed over."""
    command, names = PROGRAMS[program], []
    while isinstance(command, click.Group) and given:
        while given and given[0].startswith("--"):
            given = given[2:]
        if not given:
            break
        sub = command.get_command(click.Context(command), given[0])
        if sub is None:
            raise click.UsageError(f"no command {' '.join([*names, given[0]])}")
        command, names, given = sub, [*names, given[0]], given[1:]
    return command, given


def calls(path):
    """Each call of one of our programs: the line, the program, and what it is given."""
    for line, program in itertools.product(lines(path), PROGRAMS):
        try:
            given = arguments(line, program)
        except ValueError:  # no closing quotation: prose
            continue
        if given and re.fullmatch(r"[a-z|]+|--\w+", given[0]):
            yield line, program, given


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_line_is_understood(path):
    for line, program, given in calls(path):
        for chosen in itertools.product(
            *(word.split("|") if ALTERNATIVES.fullmatch(word) else [word] for word in given)
        ):
            command, rest = command_of(program, list(chosen))
        if PLACEHOLDER.search(line) or isinstance(command, click.Group):
            continue
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        known |= {"--help", "-h"}
        for word in rest:
            option = word.split("=")[0]
            assert not option.startswith("--") or option in known, f"{line}: {option}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_target_of_make_is_there(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in lines(path) if path.name != "commands.md" else ():  # help texts, which say make in other ways
        if found := re.match(r"make ([a-z][a-z-]+)\b", line):
            assert found[1] in targets, line


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_module_that_is_run_is_there(path):
    for line in lines(path):
        if found := re.search(r"python -m ([a-z_.]+[a-z_])", line):
            assert importlib.util.find_spec(found[1]) is not None, line


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_file_that_is_linked_or_named_is_there(path):
    text = CODE.sub("", path.read_text())
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target
    for named in re.findall(r"`((?:surveil|training|tests|docs|configs|tools|migrations)/[\w./-]+)(?::\w+)?`", text):
        assert (ROOT / named).exists() or list(ROOT.glob(f"{named}*")), named


def test_every_function_of_the_walks_is_there():
    """docs/architecture.md follows a frame and a query as `file:function`."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    walked = re.findall(r"`([a-z_/]+\.py):([\w.]+)`", text)
    assert len(walked) > 15
    for file, name in walked:
        source = (ROOT / "surveil" / file).read_text()
        *_, last = name.split(".")
        assert re.search(rf"^\s*(?:async )?(?:def|class) {last}\b", source, re.MULTILINE), f"{file}:{name}"
