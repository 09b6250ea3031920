"""Two scores of translations against one reference each: BLEU (Papineni et al. 2002) and chrF (Popović 2015), both 0 … 100."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

BLEU_ORDER = 4
CHRF_ORDER = 6
CHRF_BETA = 2.0
"""chrF2: recall counts twice as much as precision."""

_TOKENS = re.compile(r"\w+|[^\w\s]")


def bleu(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Returns the corpus BLEU-4 on words and punctuation marks, case counts, without smoothing: 0 when no four words in a row are right."""
    matches, totals = [0] * BLEU_ORDER, [0] * BLEU_ORDER
    found_length = wanted_length = 0
    for ours, theirs in zip(found, wanted, strict=True):
        words, reference = _TOKENS.findall(ours), _TOKENS.findall(theirs)
        found_length, wanted_length = found_length + len(words), wanted_length + len(reference)
        for order in range(BLEU_ORDER):
            grams = _grams(words, order + 1)
            matches[order] += (grams & _grams(reference, order + 1)).total()
            totals[order] += grams.total()
    if not all(matches):
        return 0.0
    precision = sum(math.log(right / total) for right, total in zip(matches, totals, strict=True)) / BLEU_ORDER
    return 100.0 * math.exp(precision + min(0.0, 1.0 - wanted_length / found_length))


def chrf(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Returns the corpus chrF2 on runs of 1 … 6 characters, spaces left out."""
    scores = []
    for order in range(1, CHRF_ORDER + 1):
        right = ours = theirs = 0
        for text, reference in zip(found, wanted, strict=True):
            grams, others = _grams("".join(text.split()), order), _grams("".join(reference.split()), order)
            right, ours, theirs = right + (grams & others).total(), ours + grams.total(), theirs + others.total()
        if theirs:
            weight = CHRF_BETA**2
            scores.append((1.0 + weight) * right / (weight * theirs + ours))
    return 100.0 * sum(scores) / len(scores) if scores else 0.0


def _grams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[start : start + order]) for start in range(len(tokens) - order + 1))
