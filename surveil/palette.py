"""The colours of everything that is drawn: contact sheets, charts, reports and pages."""

from __future__ import annotations

PAPER, CARD, FIELD, LINE = "#eef0f2", "#ffffff", "#dde1e5", "#cfd4d9"
"""Behind the cards, a card, a field or grid on it, and its edge."""
INK, FAINT, GREY = "#15191d", "#5d6770", "#868e96"
"""Text, what is said beside it, and what is neither right nor wrong."""
ACCENT, RIGHT, WRONG = "#b3361e", "#2f9e44", "#c92a2a"
BLUE, ORANGE, GREEN, PINK, SKY, OCHRE = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"
"""Lines of charts: Okabe and Ito's colours, which the colour-blind tell apart too."""
