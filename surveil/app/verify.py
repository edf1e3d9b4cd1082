"""What can be done with packages of evidence on a machine without a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from surveil.settings import data_folder

if TYPE_CHECKING:
    from surveil.app.results import EvidenceVerified


def verify_evidence(path: str | Path, key_fingerprint: str | None = None) -> EvidenceVerified:
    """Whether a package of evidence is what was signed, all of it, and nothing else; it needs no database.

    Args:
        path: The zip file.
        key_fingerprint: Of the only key that is trusted.

    Raises:
        SurveilError: The file cannot be read, or is no zip file.
    """
    from surveil.app.results import EvidenceVerified
    from surveil.evidence.verify import verify

    found = verify(Path(path), key_fingerprint)
    manifest = found.manifest or {}
    return EvidenceVerified(
        problems=found.problems,
        key_fingerprint=found.fingerprint,
        case=manifest.get("case"),
        made_at=manifest.get("made_at"),
        made_by=manifest.get("made_by"),
        files=len(manifest.get("files", {})),
    )


def evidence_key() -> str:
    """The fingerprint of the key with which this user of the machine signs evidence; it is made if there is none.

    Raises:
        SurveilError: It cannot be read or made, or others may read it.
    """
    from surveil.evidence.signing import fingerprint, signing_key

    return fingerprint(signing_key(data_folder()).public_key())
