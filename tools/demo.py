"""`make demo`: the main job on the sample footage, with the commands a user would type."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "demo"
FOOTAGE = "sample_data/footage"
PICTURE = "demo/person.jpg"


def surveil(*arguments: str, show: bool = True) -> str:
    """Run a command as a user would; print it, and what it says."""
    if show:
        print(f"\n$ surveil {shlex.join(arguments)}", flush=True)
    command = [str(Path(sys.executable).with_name("surveil")), *arguments]
    environment = {**os.environ, "SURVEIL_DATABASE": "sqlite:///demo/surveil.db"}
    if show:
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return ""
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Ingest, cluster, search by words, search by picture."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    surveil("ingest", FOOTAGE)
    print("\nThe clock of the hall camera is three minutes fast:")
    surveil("camera", "set", "hall", "--clock-offset", "-180")
    surveil("cluster")
    surveil("identities", "list")
    surveil("search", "woman, red top", "--limit", "6", "--sheet", "demo/woman_red_top.png")
    found = json.loads(surveil("search", "man, blue top", "--camera", "gate", "--limit", "1", "--json", show=False))
    shutil.copy(found["matches"][0]["crop"], ROOT / PICTURE)
    print(f"\nThe likeliest man with a blue top at the gate is in {PICTURE}. Where else was he?")
    surveil("search", "--like", PICTURE, "--camera", "hall", "--camera", "yard", "--limit", "6",
            "--sheet", "demo/where_else.png")  # fmt: skip
    print("\nLook at demo/woman_red_top.png and demo/where_else.png; the database is demo/surveil.db.")


if __name__ == "__main__":
    main()
