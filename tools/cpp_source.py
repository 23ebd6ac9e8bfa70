"""What the checkers need to know about C++ text: code without comments and strings, includes, function bodies."""
import dataclasses
import pathlib
import re

SUFFIXES = ('.cpp', '.hpp')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)

# One alternative a token that may hide braces and quotes; raw strings first, since they contain anything.
_HIDDEN = re.compile(
    r'R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|//[^\n]*|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
_DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', re.MULTILINE)
_CONTAINER = re.compile(r'\b(?:namespace|class|struct|union|enum|extern)\b(?![^()]*\))')
_TEMPLATE = re.compile(r'\btemplate\s*<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>')
_ATTRIBUTE = re.compile(r'\balignas\s*\([^()]*(?:\([^()]*\))?[^()]*\)|\[\[[^\]]*\]\]')


@dataclasses.dataclass
class Function:
    """One function body: 1-based line of the signature and of the closing brace."""
    first: int
    last: int
    name: str

    @property
    def lines(self):
        return self.last - self.first + 1


def source_files(folder):
    """C++ files below a folder, in a stable order."""
    return sorted(p for p in pathlib.Path(folder).rglob('*') if p.suffix in SUFFIXES)


def includes(text):
    """Yields (line, '<' or '"', target) for every include that is not inside a block comment."""
    text = re.sub(r'/\*.*?\*/', _blank, text, flags=re.DOTALL)
    for match in INCLUDE.finditer(text):
        yield text.count('\n', 0, match.start()) + 1, match.group(1), match.group(2)


def code_only(text):
    """The text with comments, string contents and directives blanked out; lines and columns stay where they were."""
    return _DIRECTIVE.sub(_blank, _HIDDEN.sub(_blank, text))


def functions(text):
    """Outermost function bodies (lambdas inside belong to their function)."""
    code = code_only(text)
    found, head_start, i = [], 0, 0
    while i < len(code):
        if code[i] in ';}':
            head_start = i + 1
        elif code[i] == '{':
            head = code[head_start:i]
            if _is_container(head):
                head_start = i + 1
            elif _is_initializer(head):
                i = _matching_brace(code, i)  # a value: the declaration goes on behind it
            else:
                end = _matching_brace(code, i)
                if '(' in head:
                    found.append(_function(code, head_start, i, end))
                i, head_start = end, end + 1
        i += 1
    return found


def _blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def _is_container(head):
    head = _TEMPLATE.sub('', _ATTRIBUTE.sub('', head))
    return bool(_CONTAINER.search(head)) and not re.search(r'\)\s*\w*\s*$', head)


def _is_initializer(head):
    """A brace that opens a value: `x{`, `= {`, or a member in a constructor's initializer list."""
    stripped = head.rstrip()
    if stripped.endswith(('=', ',', '(', 'return')):
        return True
    in_list = re.search(r'\)\s*(?:noexcept\s*)?:(?!:)', stripped)
    ends_in_name = re.search(r'[\w>]$', stripped) and not re.search(
        r'(?:\)\s*(?:const|noexcept|override|final|mutable|->\s*[\w:<>,&*\s]+)\s*)+$', stripped)
    return bool(ends_in_name) and (bool(in_list) or '(' not in stripped)


def _matching_brace(code, start):
    depth = 0
    for i in range(start, len(code)):
        if code[i] == '{':
            depth += 1
        elif code[i] == '}':
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def _function(code, head_start, open_brace, end):
    head = code[head_start:open_brace]
    first = head_start + len(head) - len(head.lstrip())
    name = re.search(r'([\w:~]+)\s*\(', head)
    return Function(code.count('\n', 0, first) + 1, code.count('\n', 0, end) + 1, name.group(1) if name else '?')
