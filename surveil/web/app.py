"""The web application: its routes, what guards them, and what it tells of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from surveil import __version__
from surveil.errors import SurveilError
from surveil.web import health
from surveil.web.api import api_router
from surveil.web.desk import Desk
from surveil.web.health import Measured, Metrics
from surveil.web.pages import ROUTERS
from surveil.web.problems import on_fault, on_http_error, on_invalid, on_surveil_error
from surveil.web.rendering import static_files
from surveil.web.security import LOOPBACK, Guard
from surveil.web.signed_in import Proxy, SigningIn

FOR_A_YEAR = "public, max-age=31536000, immutable"


def create_app(
    desk: Desk, *, hosts: Sequence[str] = LOOPBACK, tls: bool = False, proxy: Proxy | None = None
) -> FastAPI:
    """The application over a desk.

    Args:
        desk: What all requests share.
        hosts: Names that the server goes by, without port; requests for others are refused.
        tls: Whether browsers reach it by HTTPS.
        proxy: Who signs people in and vouches for them; None: they sign in here.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="surveil",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        exception_handlers={
            SurveilError: on_surveil_error,
            HTTPException: on_http_error,
            RequestValidationError: on_invalid,
            Exception: on_fault,
        },
    )
    app.state.desk, app.state.tls, app.state.metrics = desk, tls, Metrics()
    app.add_middleware(Measured, metrics=app.state.metrics)
    app.add_middleware(SigningIn, archive=lambda: desk.archive, proxy=proxy, tls=tls)
    app.add_middleware(Guard, hosts=hosts, tls=tls)
    app.add_api_route("/static/{name}", static_file, include_in_schema=False)
    for router in (*ROUTERS, health.router):
        app.include_router(router, include_in_schema=False)
    app.include_router(api_router())
    return app


def static_file(name: str, request: Request) -> Response:
    """A file of the package: styles, scripts, the mark. Only what lies there by that very name is served."""
    found = static_files().get(name)
    if found is None:
        raise HTTPException(404, "There is no such file.")
    content, kind, version = found
    headers = {"Cache-Control": FOR_A_YEAR if request.query_params.get("v") == version else "no-cache"}
    return Response(content, headers=headers, media_type=kind)
