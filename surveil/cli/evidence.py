"""surveil evidence: export a case as a signed package, and verify one."""

from __future__ import annotations

from pathlib import Path

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json


@click.group()
def command() -> None:
    """Export a case as a signed package, and verify one."""


@command.command(name="export")
@click.argument("case")
@click.argument("out", metavar="OUT.zip", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--blur-others", is_flag=True, help="Make everybody but the chosen unrecognisable; withhold originals.")
@click.option("--reason", metavar="TEXT", help="Why; it stands in the report and in the audit.")
@output_options
@click.pass_context
def export_command(
    ctx: click.Context, case: str, out: Path, blur_others: bool, reason: str | None, output: str
) -> None:
    """Write a case as a package of evidence: a zip file with original footage, pictures and a report, signed.

    Of each item: the original's packets, copied and not encoded again, from the keyframe before; a film that any player
    plays; the pictures; what the model says, and what it cannot do. All of it stands with its SHA-256 in a manifest,
    which is signed with your key (Ed25519; made when it is first needed). The key's fingerprint is printed: tell it to
    whoever is to verify the package, another way than with the package.

    \b
    Example:
        surveil evidence export "theft of 14 September" theft.zip --reason "request of 20 September"
    """
    from surveil.app import Actor

    actor = Actor.of_machine()
    what = {"case": case, "blur_others": blur_others}
    with open_archive(ctx) as archive, archive.acting(actor, "export", what, reason=reason):
        result = archive.cases.export(case, out, actor.name, reason=reason, blur_others=blur_others)
    if output == "json":
        write_json(result)
    elif output == "csv":
        plain = result.model_dump(mode="json")
        write_csv([plain], tuple(plain))
    else:
        echo(f"{out}: {result.exhibits} exhibits")
        echo(f"Signed with the key {result.key_fingerprint}")


@command.command(name="verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", metavar="FINGERPRINT", help="The only key that is trusted; as its owner tells it.")
@output_options
def verify_command(file: Path, key: str | None, output: str) -> None:
    """Verify a package of evidence; needs no database. Exit code 1 if it is not what was signed.

    Anybody can make a key and sign: compare the fingerprint with the one that the package's maker tells you.

    \b
    Example:
        surveil evidence verify theft.zip
    """
    from surveil.app import verify_evidence

    result = verify_evidence(file, key)
    if output == "json":
        write_json(result)
    elif output == "csv":
        write_csv(({"problem": problem} for problem in result.problems), ("problem",))
    else:
        for problem in result.problems:
            echo(problem)
        if result.problems:
            echo(f"{file}: NOT what was signed")
        else:
            echo(f"{file}: whole; case {result.case!r}, {result.files} files, by {result.made_by} at {result.made_at}")
        if result.key_fingerprint:
            known = "the key you gave" if key and not result.problems else "compare with what its maker tells you"
            echo(f"Signed with the key {result.key_fingerprint} ({known})")
    if result.problems:
        click.get_current_context().exit(1)


@command.command(name="key")
def key_command() -> None:
    """Print the fingerprint of your key; it is made if there is none.

    \b
    Example:
        surveil evidence key
    """
    from surveil.app import evidence_key

    echo(evidence_key())
