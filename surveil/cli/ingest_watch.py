"""What `surveil ingest --watch` prints, and what it tells systemd."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.cli.cluster import outcome_in_words
from surveil.cli.ingest_lines import follow, show
from surveil.cli.progress import ProgressLine

if TYPE_CHECKING:
    from surveil.app import Archive, ClusteringResult, DaemonStatus


def keep_watching(
    archive: Archive,
    paths: Sequence[Path],
    line: ProgressLine,
    stop: threading.Event,
    *,
    cluster_every: float | None,
    **recorded: Any,
) -> None:
    """Ingest what comes into folders until told to stop, and say so line by line.

    Args:
        archive: Where to.
        paths: The folders.
        line: Where to say it.
        stop: Set by whoever wants it to end.
        cluster_every: Seconds between two clusterings.
        recorded: What `Archive.watch` takes besides.
    """

    def told(what: DaemonStatus | ClusteringResult) -> None:
        from surveil.app import DaemonStatus

        if isinstance(what, DaemonStatus):
            notify_systemd("WATCHDOG=1")
            line.say(f"health: {health_in_words(what)}")
        else:
            line.say(outcome_in_words(what))

    notify_systemd("READY=1")
    found = archive.watch(
        paths, cluster_every=cluster_every, progress=partial(show, line), told=told, stop=stop, **recorded
    )
    for _ in follow(found, archive, line):
        pass
    notify_systemd("STOPPING=1")


def health_in_words(health: DaemonStatus) -> str:
    """How a watch goes, such as "last scan 3 s ago, 2 waiting, 1 working, 0 failed, 1 still growing"."""
    if health.last_scan is None:
        scanned = "first scan not done yet"
    else:
        scanned = f"last scan {(health.seen_at - health.last_scan).total_seconds():.0f} s ago"
    counts = f"{health.waiting} waiting, {health.working} working, {health.failed} failed"
    growing = f", {health.growing} still growing" if health.growing else ""
    away = f"; not there: {', '.join(health.away)}" if health.away else ""
    return f"{scanned}, {counts}{growing}{away}"


def notify_systemd(state: str) -> None:
    """Tell the service manager, if one started this process and asks to be told (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
