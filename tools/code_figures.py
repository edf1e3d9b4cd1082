"""`make code-figures`: how large the code is, and how much of what is public is documented and typed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("surveil", "training")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class: where it stands, its lines, and whether it is documented and typed."""

    where: str
    lines: int
    documented: bool
    typed: bool


def main() -> None:
    """Print one figure a line."""
    sources = [path for name in SOURCES for path in sorted((ROOT / name).rglob("*.py"))]
    source_lines = {path: _lines(path) for path in sources}
    test_lines = sum(_lines(path) for path in (ROOT / "tests").rglob("*.py"))
    total = sum(source_lines.values())
    longest = max(sources, key=lambda path: source_lines[path])
    functions = [made for path in sources for made in _functions(path, public=False)]
    public = [made for path in sources for made in _functions(path, public=True)]
    longest_function = max(functions, key=lambda made: made.lines)
    print(f"source lines (surveil, training)  {total} in {len(sources)} files")
    print(f"test lines                        {test_lines}, {test_lines / total:.2f} of the source")
    print(f"longest file                      {source_lines[longest]} lines, {longest.relative_to(ROOT)}")
    print(f"longest function                  {longest_function.lines} lines, {longest_function.where}")
    print(f"functions over 50 lines           {sum(made.lines > 50 for made in functions)} of {len(functions)}")
    for what, yes in (("docstrings", [m.documented for m in public]), ("annotations", [m.typed for m in public])):
        print(f"public functions with {what:<11} {sum(yes)} of {len(yes)} ({sum(yes) / len(yes):.1%})")


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _functions(path: Path, *, public: bool) -> Iterator[Definition]:
    """Functions and methods of a file; the public ones are those that no part of their name hides."""
    for name, node in _walk(ast.parse(path.read_text()), ()):
        if public and any(part.startswith("_") for part in name):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        where = f"{path.relative_to(ROOT)}:{'.'.join(name)}"
        yield Definition(where, length, ast.get_docstring(node) is not None, _typed(node))


def _walk(node: ast.AST, prefix: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield (*prefix, child.name), child
        elif isinstance(child, ast.ClassDef):
            yield from _walk(child, (*prefix, child.name))


def _typed(function: Function) -> bool:
    arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    annotated = all(made.annotation for made in arguments if made.arg not in ("self", "cls"))
    return annotated and function.returns is not None


if __name__ == "__main__":
    main()
