"""What watches over the server asks: whether it lives, whether it can answer, and how much it does."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from surveil.errors import SurveilError
from surveil.web.access import See
from surveil.web.api import PREFIX
from surveil.web.desk import Desk

router = APIRouter()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are counted apart: whoever invents others must not fill the memory with counters."""


class Metrics:
    """The figures of one server.

    Attributes:
        registry: Where Prometheus finds them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("surveil_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "surveil_request_seconds", "Seconds until an answer begins", ("route",), registry=self.registry
        )
        self._footage = Gauge("surveil_footage", "Pieces of footage", ("state",), registry=self.registry)
        self._sightings = Gauge("surveil_sightings", "Sightings", ("camera",), registry=self.registry)
        self._jobs = Gauge("surveil_jobs", "Jobs since the start", ("kind", "state"), registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, desk: Desk) -> bytes:
        """All figures, as Prometheus reads them."""
        for gauge in (self._footage, self._sightings, self._jobs):
            gauge.clear()
        status = desk.archive.status()
        for piece in status.footage:
            self._footage.labels(piece.state).inc()
        self._footage.labels("unopened").set(len(status.unopened))
        for camera in desk.archive.cameras().cameras:
            self._sightings.labels(camera.camera).set(camera.sightings)
        for job in desk.jobs.all():
            self._jobs.labels(job.kind, job.state).inc()
        return generate_latest(self.registry)


class Measured:
    """Counts requests by route, so that no address of anybody is in the figures."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else "other"
                self._metrics.answered(method, _route(scope), message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, sending)


def _route(scope: Scope) -> str:
    """The route that was taken, with the prefix of the API."""
    path: str | None = getattr(scope.get("route"), "path", None)
    if path is None:
        return "other"
    is_api = scope["path"].startswith(f"{PREFIX}/") and not path.startswith(PREFIX)
    return PREFIX + path if is_api else path


@router.get("/healthz")
def lives() -> PlainTextResponse:
    """The server lives."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> PlainTextResponse:
    """Whether the database can be read; 503 while it cannot."""
    desk: Desk = request.app.state.desk
    try:
        desk.archive.accounts.users()
    except SurveilError:
        return PlainTextResponse("the database is away\n", 503)
    return PlainTextResponse("ok\n")


@router.get("/metrics")
def metrics(view: See) -> Response:
    """Figures for Prometheus; an API token with the scope `see` reads them."""
    kept: Metrics = view.request.app.state.metrics
    return Response(kept.text(view.desk), media_type=CONTENT_TYPE_LATEST)
