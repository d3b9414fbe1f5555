"""What is said beside a question, and whether it could change the answer.

"I'm packing for the trip" changes nothing; "there and back", "each" and "at most half of it" do.
The words that could are listed, those that could not are too many; so an aside counts as harmless only where the
question itself is complete and nothing but it holds a number.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["words_of", "words_that_change"]

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

_WORDS: Final = """
not no never without except but cannot none nor neither instead ignore ignoring unless only rather

plus minus times multiply multiplied divide divided add adds added adding subtract subtracted sum total difference
differ differs delta interval average mean median product ratio percent percentage twice double doubled triple
tripled thrice half halve halved halves third thirds quarter quarters squared cubed root roots square cube cubic
power negative positive reverse reversed inverse opposite combined together by

each every all both per apiece another other others several few couple pair pairs dozen dozens hundreds thousands
millions many some any either daily weekly monthly yearly hourly annually annual everybody everyone pack packs
packet packets sets share shared split remaining remain remains rest left leftover extra spare whole full
partial back return trips tolerance margin

more less fewer than above below over under beneath beyond past between within change changed lost lose loses gained
gain gains grew grow grows shrank rise rises rose fell fall falls drop drops dropped increase increased decrease
decreased reduce reduced cut raise raised until till before after since ago early late later earlier if when
whenever assuming suppose assume

or versus vs compare compared enough fit fits exceed exceeds exceeding whether taller longer heavier bigger larger
wider deeper higher faster slower smaller shorter lighter warmer colder hotter older younger farther further equal
same true false correct right wrong why who whose whom where because prove

rounded round rounding nearest digits digit decimal decimals places figures fraction fractions scientific notation
binary hexadecimal hex octal roman words first second third last

then also worth cost costs price prices priced pay pays paid earn earns dollar dollars euro euros cent cents poem
story essay email letter code function program script sentence joke translate explain describe recommend
suggest list summarise summarize compose draft gauge step steps multiple
multiples
"""
# Not this; something done to it; several of it or a part; another one; a comparison; another way to write it; another
# question.
_CHANGING: Final = frozenset(_WORDS.split())


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def words_that_change(text: str) -> list[str]:
    """Return the words of an aside that could change the answer of the question beside it.

    Examples
    --------
    >>> words_that_change("we walk there and back each day")
    ['back', 'each']

    """
    return [word for word in words_of(text) if word in _CHANGING or word.endswith("n't")]
