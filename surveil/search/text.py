"""Reading a description in words: "a woman, red top, backpack, gate camera, Tuesday between 8 and 9".

Only the word tables of `surveil.attributes`, the names of the cameras and the words of `surveil.search.time_words` are
understood; a colour or a length stands before what it describes. What is denied is taken from what is allowed: "not
red top, not blue top" allows neither. A shade, "navy", is taken as the colours nearest to it, which is told, and cannot
be denied. Every other word is reported, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from surveil.attributes import BY_NAME, COLOUR_WORDS, GARMENT_WORDS, LENGTH_WORDS, SHADES, WORDS
from surveil.errors import QueryError
from surveil.search.filters import Filters, unknown
from surveil.search.time_window import TimeWindow
from surveil.search.time_words import join_windows, read_time

_STOP_WORDS = """
    a an the and or with in on at of is was who that wearing wears wear wore carrying carry carries carried has had have
    having do dressed person persons people someone somebody anyone anybody everyone everybody one me show find search
    for all any seen by from near camera cameras cam his her their they to but colour color coloured colored
"""
_NEGATIONS = """
    no not without nor neither never non nobody except excluding cannot dont doesnt didnt isnt arent wasnt hasnt havent
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
NEGATIONS = frozenset(_NEGATIONS.split())
_JOINTS = ("and", "but", "with", "at", "on", "near", "in")
_CAMERA = ("camera", "cameras", "cam")
_TOKEN = re.compile(
    r"['’]s\b|[^\W\d_]+n['’]t\b"  # noqa: RUF001
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}(?::\d{2})?(?:am|pm)\b|\d{1,2}:\d{2}"
    r"|(?:(?<=\d)|(?<=\dam)|(?<=\dpm))\s*[-–]\s*(?=\d)|[^\W_]+|[,;.!?]",  # noqa: RUF001
    re.IGNORECASE,
)
_LONGEST_PHRASE = 3
_TABLES: tuple[Mapping[str, Any], ...] = (WORDS, COLOUR_WORDS, SHADES, GARMENT_WORDS, LENGTH_WORDS)
Meaning = TypeVar("Meaning")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the text, as written, and what they mean, or why they were not understood."""

    words: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What a text says: filters, the words behind each, those that came to nothing, and what shades were taken as."""

    filters: Filters
    phrases: tuple[Phrase, ...]
    unknown: tuple[Phrase, ...]
    taken_as: Mapping[str, tuple[str, ...]]


def parse_query(text: str, cameras: Sequence[str], now: datetime) -> ParsedQuery:
    """Read a description.

    Args:
        text: What the operator wrote.
        cameras: Names of the cameras in the database.
        now: The time by the clock of the person who asks; "today" is its date.

    Raises:
        QueryError: Nothing was understood, or a camera is named that does not exist.
    """
    reader = _Reader(text, cameras, now)
    reader.run()
    filters = Filters(cameras=tuple(reader.cameras), when=reader.when, attributes=reader.attributes)
    if not filters:
        reasons = "; ".join(f"{phrase.words}: {phrase.meaning}" for phrase in reader.unknown)
        raise QueryError(
            f"nothing in this text was understood ({reasons})" if reasons else "the text is empty",
            repr(text),
            'Try for example: "woman, red top, backpack, Tuesday".',
        )
    return ParsedQuery(filters, tuple(reader.phrases), tuple(reader.unknown), reader.taken_as)


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int

    @property
    def breaks(self) -> bool:
        return self.word in ",;.!?"


@dataclass(slots=True)
class _Adjective:
    """A colour, a shade (of one or more colours) or a length that waits for its noun."""

    values: tuple[str, ...]
    at: int
    shade: str = ""


@dataclass(slots=True)
class _Reader:
    text: str
    known_cameras: Sequence[str]
    now: datetime
    cameras: list[str] = field(default_factory=list)
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    denied: dict[str, tuple[str, ...]] = field(default_factory=dict)
    when: TimeWindow | None = None
    phrases: list[Phrase] = field(default_factory=list)
    unknown: list[Phrase] = field(default_factory=list)
    taken_as: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tokens: list[_Token] = field(default_factory=list)
    colours: list[_Adjective] = field(default_factory=list)
    lengths: list[_Adjective] = field(default_factory=list)
    negated_at: int | None = None

    def run(self) -> None:
        self.tokens = [
            _Token(word, *match.span()) for match in _TOKEN.finditer(self.text) if (word := _plain(match[0])) != "'s"
        ]
        at = 0
        while at < len(self.tokens):
            at += self._break(at) or self._camera(at) or self._time(at) or self._describe(at) or self._rest(at)
        self._drop_adjectives()

    @property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The allowed labels of each attribute: those that were said, or all, less those that were denied."""
        return {
            name: _less(self.said.get(name) or BY_NAME[name].labels, self.denied.get(name, ()))
            for name in self.said | self.denied
        }

    def _break(self, at: int) -> int:
        if not self.tokens[at].breaks:
            return 0
        self._drop_adjectives()
        self.negated_at = None
        return 1

    def _denies(self, at: int, length: int) -> bool:
        """Whether a camera or a time is denied, which is reported: only looks can be."""
        if self.negated_at is None:
            return False
        start, self.negated_at = self.negated_at, None
        self._unknown(start, at + length - start, "only what people look like can be denied in words")
        return True

    # --- cameras -----------------------------------------------------------------------------------------------------

    def _camera(self, at: int) -> int:
        """A camera's name, alone or beside the word "camera"; alone it must not be a word of its own."""
        said = self.tokens[at].word in _CAMERA
        first = at + said
        for length in range(min(5, len(self.tokens) - first), 0, -1):
            joined = self._joined(first, length)
            after = self.tokens[first + length].word if first + length < len(self.tokens) else ""
            beside = said or after in _CAMERA
            if joined is None or (not beside and (length == 1 and _is_word(joined))):
                continue
            names = [name for name in self.known_cameras if _same_camera(name, joined, beside)]
            if names:
                used = said + length + (after in _CAMERA and not said)
                if self._denies(at, used):
                    return used
                self.cameras += [name for name in names if name not in self.cameras]
                self._understood(at, used, f"camera {' or '.join(names)}")
                return used
        self._refuse_unknown_camera(at)
        return 0

    def _refuse_unknown_camera(self, at: int) -> None:
        """Whoever asks for "camera 9" or "the roof camera" would be misled by answers from all cameras."""
        if self.tokens[at].word not in _CAMERA:
            return
        for beside in (at + 1, at - 1):
            if not 0 <= beside < len(self.tokens):
                continue
            word = self.tokens[beside].word
            is_name = word.isalnum() and not _is_word(word)
            is_number = word.isdigit() and beside > at and not read_time(self._words(beside), self.now.date())
            if is_name or is_number:
                raise unknown("camera", word, self.known_cameras)

    # --- times -------------------------------------------------------------------------------------------------------

    def _time(self, at: int) -> int:
        found = read_time(self._words(at), self.now.date())
        if not found:
            return 0
        if self._denies(at, found.words):
            return found.words
        both = join_windows(self.when, found.when)
        if both is None:
            self._unknown(at, found.words, f"it contradicts {self.when}")
        else:
            self.when = both
            self._understood(at, found.words, str(found.when))
        return found.words

    # --- attributes --------------------------------------------------------------------------------------------------

    def _describe(self, at: int) -> int:
        """A negation, a colour, a length, or what they describe."""
        word = self.tokens[at].word
        if word in NEGATIONS:
            self.negated_at = at
            return 1
        if word in ("long", "short"):
            self.lengths.append(_Adjective((word,), at))
            return 1
        for length in range(_LONGEST_PHRASE, 0, -1):
            joined = self._joined(at, length)
            if joined is None:
                continue
            if colour := _look_up(COLOUR_WORDS, joined):
                self.colours.append(_Adjective((colour,), at))
                return length
            if shade := _look_up(SHADES, joined):
                self.colours.append(_Adjective(shade, at, joined))
                return length
            if any(_look_up(table, joined) for table in _TABLES):
                self._noun(joined, at, length)
                return length
        return 0

    def _noun(self, noun: str, at: int, length: int) -> None:
        """Bring together a noun, and the colours and lengths that wait for it."""
        start = at if self.negated_at is None else self.negated_at
        meanings, reported = dict[str, list[str]](), False
        if direct := _look_up(WORDS, noun):
            meanings[direct[0]] = [direct[1]]
        if self.lengths and (attribute := _look_up(LENGTH_WORDS, noun)):
            start = min(start, self.lengths[0].at)
            meanings[attribute] = [adjective.values[0] for adjective in self.lengths]
            self.lengths.clear()
        garment = _look_up(GARMENT_WORDS, noun)
        if garment and self.colours:
            start = min(start, self.colours[0].at)
            known, reported = self._colours_of(garment, start, at + length - start)
            if reported and self.negated_at is not None:  # "no red trousers" does not deny trousers
                self.negated_at = None
                meanings.clear()
            elif known:
                meanings[garment] = known
            self.colours.clear()
        if _look_up(LENGTH_WORDS, noun) != "sleeve":  # "red short-sleeved top": the colour waits on
            self._drop_adjectives()
        if not (reported and not meanings):
            self._mean(start, at + length - start, meanings)

    def _colours_of(self, garment: str, at: int, length: int) -> tuple[list[str], bool]:
        """The waiting colours that the model tells of a garment; and whether something about them was reported."""
        labels, shades = BY_NAME[garment].labels, {one.shade: one.values for one in self.colours if one.shade}
        colours = dict.fromkeys(value for colour in self.colours for value in colour.values)
        known = [colour for colour in colours if colour in labels]
        reason = "" if len(known) == len(colours) else f"the model tells only these: {', '.join(labels)}"
        if shades and self.negated_at is not None:
            reason = "; ".join(f"not all {' or '.join(values)} is {shade}" for shade, values in shades.items())
        else:
            self.taken_as |= {shade: values for shade, values in shades.items() if set(values) <= set(known)}
        if reason:
            self._unknown(at, length, reason)
        return known, bool(reason)

    def _mean(self, at: int, length: int, meanings: dict[str, list[str]]) -> None:
        negated = self.negated_at is not None
        following = self.tokens[at + length].word if at + length < len(self.tokens) else ""
        # "Without hat or bag" denies both.
        self.negated_at = at + length if negated and following in ("or", "nor") else None
        if negated and len(meanings) > 1:
            self._unknown(at, length, "it denies two things at once, of which one may hold")
            return
        if not meanings:
            self._unknown(at, length, "it tells nothing without a colour or a length before it")
            return
        asked, told = self.denied if negated else self.said, []
        for name, labels in meanings.items():
            kept, allowed = asked.get(name, ()), self.attributes.get(name, ())
            asked[name] = (*kept, *_less(labels, kept))
            if self.attributes[name]:
                told.append(_in_words(name, _less(BY_NAME[name].labels, labels) if negated else labels))
            else:
                asked[name] = kept
                self._unknown(at, length, f"it contradicts {_in_words(name, allowed)}")
        if told:
            self._understood(at, length, ", ".join(told))

    def _drop_adjectives(self) -> None:
        for adjective in self.colours:
            self._unknown(adjective.at, 1, "no garment follows it that the model knows the colour of")
        for adjective in self.lengths:
            self._unknown(adjective.at, 1, "nothing follows it that the model knows the length of")
        self.colours.clear()
        self.lengths.clear()

    # --- the rest ----------------------------------------------------------------------------------------------------

    def _rest(self, at: int) -> int:
        word = self.tokens[at].word
        if word not in STOP_WORDS:
            self._unknown(at, 1, "no such word in the tables")
        elif word in _JOINTS and self._denied_in_vain(at):
            self.negated_at = None
        return 1

    def _denied_in_vain(self, at: int) -> bool:
        """Whether what is denied was none of our words: "no umbrella and a hat" does not deny the hat."""
        if self.negated_at is None or self.colours or self.lengths:
            return False
        return any(token.word not in STOP_WORDS for token in self.tokens[self.negated_at + 1 : at])

    def _words(self, at: int) -> list[str]:
        return [token.word for token in self.tokens[at:]]

    def _joined(self, at: int, length: int) -> str | None:
        """The words as one, "t-shirt" as "tshirt"; None beyond the end or across a comma."""
        part = self.tokens[at : at + length]
        if len(part) < length or any(token.breaks for token in part):
            return None
        return "".join(token.word for token in part)

    def _written(self, at: int, length: int) -> str:
        return self.text[self.tokens[at].start : self.tokens[at + length - 1].end]

    def _understood(self, at: int, length: int, meaning: str) -> None:
        self.phrases.append(Phrase(self._written(at, length), meaning))

    def _unknown(self, at: int, length: int, reason: str) -> None:
        self.unknown.append(Phrase(self._written(at, length), reason))


def _plain(written: str) -> str:
    """A word as the tables have it."""
    word = written.strip().lower().replace("’", "'")  # noqa: RUF001
    if word.endswith("n't"):
        return "not"
    return "-" if word == "–" else word  # noqa: RUF001


def _less(labels: Iterable[str], others: Collection[str]) -> tuple[str, ...]:
    return tuple(label for label in labels if label not in others)


def _in_words(attribute: str, labels: Iterable[str]) -> str:
    return f"{attribute} {' or '.join(labels)}"


def _look_up(table: Mapping[str, Meaning], word: str) -> Meaning | None:
    """What a word or its singular means."""
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in table:
            return table[form]
    return None


def _is_word(word: str) -> bool:
    """Whether a word means something else than a camera."""
    return (
        word in STOP_WORDS
        or word in NEGATIONS
        or word.isdigit()
        or any(_look_up(table, word) for table in _TABLES)
        or read_time([word], date(2000, 1, 8)) is not None
    )


def _same_camera(name: str, said: str, beside: bool) -> bool:
    """Whether "gate", "camera3" or, beside the word camera, "3" names the camera "Gate", "camera-3" or "c3"."""
    plain = "".join(character for character in name.lower() if character.isalnum())
    return plain == said or (beside and plain in {f"{prefix}{said}" for prefix in ("c", "cam", "camera")})
