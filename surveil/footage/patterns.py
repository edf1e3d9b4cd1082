"""How common recorders name their files: camera and time in the path. Searched in this order, in the absolute path."""

from __future__ import annotations

import re

KNOWN_GROUPS = frozenset({"camera", "year", "month", "day", "hour", "minute", "second", "date", "time", "epoch", "utc"})

_DATE = r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)"
_FOLDER_DATE = r"(?P<year>(?:19|20)\d\d)[-_./]?(?P<month>\d\d)[-_./]?(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d)[-_.:h]?(?P<minute>\d\d)[-_.:m]?(?P<second>\d\d)(?:\.?\d{3})?(?!\d)s?(?P<utc>Z(?![A-Za-z]))?"
_STAMP = rf"{_DATE}[T _.-]*{_TIME}"
_UNNAMED_STAMP = re.sub(r"\?P<\w+>", "?:", _STAMP)
_LETTER = r"(?=[^/]*[^\W\d_][^/]*\.)"
_SUFFIX = r"\.\w+$"

_PATTERNS = (
    # Frigate, in UTC: 2026-09-14/08/gate/15.00.mp4
    rf"/{_FOLDER_DATE}/(?P<hour>\d\d)/(?P<utc>)(?P<camera>[^/]+)/(?P<minute>\d\d)[.-](?P<second>\d\d){_SUFFIX}",
    # One folder per hour: gate/2026-09-14/08/15.00.mp4, gate/2026/09/14/08/15.mp4
    rf"/(?P<camera>[^/]+)/{_FOLDER_DATE}/(?P<hour>\d\d)/(?P<minute>\d\d)(?:[.-](?P<second>\d\d))?{_SUFFIX}",
    # One folder per hour, minutes and seconds by letter: gate/2026091408/15M00S_1789373700.mp4
    rf"/(?P<camera>[^/]+)/{_FOLDER_DATE}(?P<hour>\d\d)/(?P<minute>\d\d)M(?P<second>\d\d)S(?:_\d+)?{_SUFFIX}",
    # Dahua: gate/2026-09-14/001/dav/08/08.15.00-08.30.00[M][0@0][0].dav, and gate/2026/09/14/08-15-00.mp4
    rf"/(?P<camera>[^/]+)/{_FOLDER_DATE}/(?:\d{{3}}/\w+/\d\d/)?{_TIME}[^/]*$",
    # Camera first: gate_20260914-081500.mp4, ch01_20260914081500.mp4, 192.168.1.64_01_20260914081500123.mp4,
    # NVR_ch3_main_20200101120000_20200101130000.mp4
    rf"/(?!{_UNNAMED_STAMP})(?P<camera>[^/]+?)(?:[_-](?:main|sub))?[ _.-]*{_STAMP}[^/]*$",
    # Time first: 2026-09-14_08-15-00_gate.mkv, 20260914081500_20260914091500_gate.mp4
    rf"/{_STAMP}(?:[ _.-]+(?:{_UNNAMED_STAMP}|\d{{8,}}))*[ _.-]+(?!{_UNNAMED_STAMP})"
    rf"(?P<camera>{_LETTER}[^/]+?){_SUFFIX}",
    # Time only, under a folder per day: gate/2026-09-14/20260914_081500.mp4, gate/2026/09/14/20260914_081500.mp4
    rf"/(?P<camera>[^/]+)/(?:19|20)\d\d[-_./]?\d\d[-_./]?\d\d/{_STAMP}[^/]*$",
    # Time only: gate/20260914_081500.mp4
    rf"/{_STAMP}[^/]*$",
    # UniFi Video: gate/2026/09/14/1789373700000_1789373760000.ts
    rf"/(?P<camera>[^/]+)/(?:{_FOLDER_DATE}/)?(?P<epoch>1\d{{9}}(?:\d{{3}})?)(?:_\d+)*{_SUFFIX}",
    # Seconds or milliseconds since 1970: gate-1789373700.123456-abc123.mp4
    rf"/(?P<camera>[^/]+?)[-_](?P<epoch>1\d{{9}}(?:\d{{3}}|\.\d+)?)(?:[-_][a-z0-9]+)?{_SUFFIX}",
)

DEFAULT_PATTERNS = tuple(re.compile(pattern) for pattern in _PATTERNS)
