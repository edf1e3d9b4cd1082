"""The pages, one file a subject."""

from surveil.web.pages import (
    accounts,
    audit,
    cases,
    counts,
    footage,
    identities,
    pictures,
    search,
    sighting,
    sign_in,
    watchlists,
)

ROUTERS = (
    *(search.router, sighting.router, pictures.router, identities.router, footage.router, counts.router),
    *(watchlists.router, cases.router, audit.router, accounts.router, sign_in.router),
)
