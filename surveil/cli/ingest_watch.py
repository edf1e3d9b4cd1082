"""What `surveil ingest --watch` prints, and what it tells systemd."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.cli.cluster import in_words as clustering_line
from surveil.cli.ingest_lines import news_line, report_line
from surveil.cli.progress import ProgressLine

if TYPE_CHECKING:
    from surveil.app import Archive, ClusteringResult, DaemonStatus
    from surveil.types import Source


def watch(
    archive: Archive,
    paths: Sequence[Path],
    line: ProgressLine,
    stop: threading.Event,
    *,
    camera: str | None,
    zone: str | None,
    gate: bool,
    cluster_every: float | None,
) -> None:
    """Ingest what comes into folders until told to stop, and say so line by line."""

    def progress(source: Source, done: float) -> None:
        line.step(f"{source.path.name} ({source.camera})", done)

    def told(what: DaemonStatus | ClusteringResult) -> None:
        from surveil.app import DaemonStatus

        if isinstance(what, DaemonStatus):
            notify_systemd("WATCHDOG=1")
            line.say(f"health: {health_in_words(what)}")
        else:
            line.say(clustering_line(what))

    notify_systemd("READY=1")
    found = archive.watch(
        paths,
        camera=camera,
        zone=zone,
        gate=gate,
        cluster_every=cluster_every,
        progress=progress,
        told=told,
        stop=stop,
    )
    for report in found:
        line.say(report_line(report))
        if report.state == "done":
            for news in archive.watched(report.path):
                line.say(news_line(news, report.path))
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
