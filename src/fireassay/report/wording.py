"""Text from data made harmless: names of columns, symbols and files are written by strangers.

`clean` is applied to every text in every form, before the form's own escaping. It makes visible what
would otherwise act unseen: terminal escapes, controls, and the marks that turn text around.
"""

from __future__ import annotations

import re
from collections.abc import Container

ELLIPSIS = "…"

_TABLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20)}
_TABLE |= dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x2028, 0x2029), " ")
_TABLE[0x7F] = "␡"
# C1 controls (CSI, OSC and their like), marks and overrides of direction (UAX 9), invisible
# operators, the byte order mark, and tag characters, which carry text that no one sees.
_HIDDEN = (
    *range(0x80, 0xA0),
    0x00AD,
    0x061C,
    0x115F,
    0x1160,
    0x180E,
    0x200B,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0x3164,
    0xFEFF,
    0xFFA0,
    *range(0xFFF0, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
_TABLE |= {code: f"⟨U+{code:04X}⟩" for code in _HIDDEN}
_TABLE |= dict.fromkeys(range(0xD800, 0xE000), "�")

_FORMULA = re.compile(r"^\s*[=+\-@\u2212|%](?!\s*[\d.,]+\s*%?\s*$)")


_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*(?=[\s,;:]|$)")


def clean(text: str) -> str:
    r"""Return the text with line ends as spaces and controls and hidden characters made visible.

    >>> clean("\x1b[31mred")
    '␛[31mred'
    """
    return text.translate(_TABLE)


def clip(text: str, length: int) -> str:
    """Return the text, cut to at most `length` characters, the last of them an ellipsis."""
    return text if len(text) <= length else text[: max(length - 1, 0)].rstrip() + ELLIPSIS


def opened(text: str, names: Container[str] = ()) -> str:
    """Return a sentence with a capital at its start, unless it begins with a name.

    Parameters
    ----------
    names
        Words that are names, of columns, and stay as they are written. So does what holds anything
        but small letters and hyphens: settings, formulas, numbers.

    >>> opened("labels of whole sessions exchanged"), opened("kl_weight takes"), opened("x", {"x"})
    ('Labels of whole sessions exchanged', 'kl_weight takes', 'x')
    """
    word = _WORD.match(text)
    return text if word is None or word[0] in names else text[0].upper() + text[1:]


def cell(text: str, length: int = 160) -> str:
    """Return a name as a table's cell: cut, and quoted if a spreadsheet would compute it.

    A cell that begins with =, +, - or @ is a formula to a spreadsheet into which the table is
    pasted; an apostrophe before it makes it text (OWASP, CSV injection).

    >>> cell("=cmd()")
    "'=cmd()"
    """
    short = clip(clean(text), length)
    return f"'{short}" if _FORMULA.match(short) else short


def json_escaped(text: str) -> str:
    r"""Return JSON with each hidden character as an escape, beyond U+FFFF as a pair of surrogates.

    JSON has such characters only inside its strings. Line ends between its tokens stay.

    >>> json_escaped('"a\u202eb"')
    '"a\\u202eb"'
    """
    return text.translate(_JSON)


def toml_escaped(text: str) -> str:
    r"""Return a basic string of TOML with each hidden character as an escape.

    What isn't a character of Unicode is replaced.

    >>> toml_escaped('"a\U000e0041b"')
    '"a\\U000e0041b"'
    """
    return text.translate(_TOML)


def _json_escape(code: int) -> str:
    units = chr(code).encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _toml_escape(code: int) -> str:
    if 0xD800 <= code < 0xE000:
        return "�"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_JSON = {code: _json_escape(code) for code in _TABLE if code != 0x0A}
_TOML = {code: _toml_escape(code) for code in _TABLE}
