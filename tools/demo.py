"""`make demo`: the main job on the sample footage, with the library; each step says which command does the same."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import surveil
from surveil.app import Archive, SearchResult
from surveil.app.wording import in_words, local_time, looks, scores
from surveil.cli.ingest_table import COLUMNS, NUMBERS, remarks, table
from surveil.cli.output import write_table

FOLDER = Path("demo")
FOOTAGE = Path("sample_data/footage")
PICTURE = FOLDER / "person.jpg"


def main() -> None:
    """Ingest, cluster, search by words, search by picture."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with surveil.open(f"sqlite:///{FOLDER}/surveil.db") as archive:
        _ingest(archive)
        say("The clock of the hall camera is three minutes fast:", "camera", "set", "hall", "--clock-offset", "-180")
        archive.set_camera("hall", clock_offset=-180)
        say("Who is who?", "cluster")
        grouped = archive.cluster()
        print(f"{grouped.identities} identities of {grouped.sightings} sightings in {grouped.seconds:.1f} s")
        sheet = f"{FOLDER}/woman_red_top.png"
        say("Where was a woman with a red top?", "search", "woman, red top", "--limit", "6", "--sheet", sheet)
        show_matches(archive, archive.search("woman, red top", limit=6), "woman_red_top.png")
        [match] = archive.search("man, black top", cameras=["gate"], limit=1).matches
        shutil.copy(match.crop or "", PICTURE)
        say(
            f"The likeliest man with a black top at the gate is in {PICTURE}. Where else was he?",
            "search",
            "--like",
            str(PICTURE),
            "--camera",
            "hall",
            "--camera",
            "yard",
            "--limit",
            "6",
            "--sheet",
            f"{FOLDER}/where_else.png",
        )
        show_matches(archive, archive.search(like=[str(PICTURE)], cameras=["hall", "yard"], limit=6), "where_else.png")
    print(f"\nLook at {FOLDER}/woman_red_top.png and {FOLDER}/where_else.png; the database is {FOLDER}/surveil.db.")
    print(f"To look at it in a browser: surveil --database sqlite:///{FOLDER}/surveil.db serve")


def _ingest(archive: Archive) -> None:
    say("What is on the sample footage?", "ingest", str(FOOTAGE))
    reports = []
    for report in archive.ingest([FOOTAGE]):
        print(f"{report.state}: {report.path}, {report.sightings} people in {report.seconds:.1f} s", flush=True)
        reports.append(report)
    write_table(COLUMNS, table(reports), right=NUMBERS)
    print(*remarks(reports), sep="\n")


def say(what: str, *command: str) -> None:
    """A heading, and the command that does the same."""
    print(f"\n{what}\n$ surveil --database sqlite:///{FOLDER}/surveil.db {shlex.join(command)}", flush=True)


def show_matches(archive: Archive, result: SearchResult, sheet: str) -> None:
    """Print the matches and draw their contact sheet."""
    print(f"Looking for: {in_words(result.understood)}")
    for number, match in enumerate(result.matches, 1):
        seen = local_time(match.first_seen, match.zone)
        print(f"{number}  {match.camera}  {seen}  {scores(match)}  {looks(match.attributes)}")
    archive.draw_sheet(result, FOLDER / sheet)


if __name__ == "__main__":
    main()
