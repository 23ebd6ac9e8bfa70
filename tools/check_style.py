#!/usr/bin/env python3
"""The rules of the house that no other tool knows.

A function has at most 70 lines and a file 600, or `// long: reason` stands above it. No leftover markers, no
commented-out code, no paths of somebody's machine, snake_case file names, `#pragma once` in headers. Ends with 1 when
something is wrong.
"""
import argparse
import pathlib
import re
import subprocess
import sys

from cpp_source import SUFFIXES, code_only, functions

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 600
REASON = re.compile(r'^\s*// long: \S')
# Written in pieces, so that this file does not complain about itself.
MARKERS = re.compile(r'\b(?:TO' r'DO|FIX' r'ME|X' r'XX|HA' r'CK)\b')
LEFT_UNDONE = re.compile(r'not impl' r'emented|DISABLED' r'_\w|GTEST' r'_SKIP\(\)(?!\s*<<)|#\s*if\s+0\b')
MACHINE = re.compile(r'(?<![\w.:])/(?:root|home|work|farm|Users)/\w')
DEAD_CODE = re.compile(
    r'^\s*//\s?(?:'
    r'(?:(?:const|auto|static|return|std::\w+|u?int\w*|bool|double)[ \w:<>*&,]*\s)?[\w.:>\[\]-]+\s*(?:=[^=].*|\([^()]*\));'
    r'|return\b.*;'
    r'|(?:if|for|while|switch)\s*\(.*\)\s*\{?'
    r'|\}\s*(?:else.*\{)?'
    r'|#\s*include\b.*'
    r')\s*$')
TEXT_SUFFIXES = SUFFIXES + ('.py', '.cmake', '.txt', '.md', '.sql', '.slt', '.json', '.sh', '.yml', '')


def check_text(name, text, root):
    """Complaints that hold for every text file of ours."""
    complaints = []
    for number, line in enumerate(text.splitlines(), 1):
        for rule, why in ((MARKERS, 'leftover marker'), (MACHINE, "path of somebody's machine")):
            if rule.search(line):
                complaints.append(f'{name}:{number}: {why}: {line.strip()[:80]}')
        if str(root) in line and len(root.parts) > 2:
            complaints.append(f'{name}:{number}: path of this checkout: {line.strip()[:80]}')
    return complaints


def check_cpp(name, text):
    """Complaints about one C++ file."""
    complaints, lines = [], text.splitlines()
    if len(lines) > MAX_FILE_LINES and not any(REASON.match(line) for line in lines[:5]):
        complaints.append(f'{name}:1: {len(lines)} lines; split it, or say why in `// long: reason` at its top')
    if name.endswith('.hpp') and '#pragma once' not in text:
        complaints.append(f'{name}:1: a header needs #pragma once')
    if not re.fullmatch(r'[a-z0-9_]+', pathlib.PurePath(name).stem):
        complaints.append(f'{name}:1: file names are snake_case')
    for function in functions(text):
        if function.lines > MAX_FUNCTION_LINES and not has_reason(lines, function.first):
            complaints.append(f'{name}:{function.first}: {function.name} has {function.lines} lines; split it, or say '
                              'why in `// long: reason` above it')
    for number, line in enumerate(lines, 1):
        if DEAD_CODE.match(line):
            complaints.append(f'{name}:{number}: commented-out code: {line.strip()[:80]}')
        if LEFT_UNDONE.search(line):
            complaints.append(f'{name}:{number}: left undone: {line.strip()[:80]}')
    for match in re.finditer(r'\busing\s+namespace\b(?!\s+[\w:]*literals)', code_only(text)):
        complaints.append(f'{name}:{text.count(chr(10), 0, match.start()) + 1}: using namespace hides where names are from')
    return complaints


def has_reason(lines, first):
    """Whether the comment block directly above line `first` (1-based) holds the reason."""
    i = first - 2
    while i >= 0 and lines[i].lstrip().startswith('//'):
        if REASON.match(lines[i]):
            return True
        i -= 1
    return False


def tracked_files(root):
    """What git would commit; without git, or in an unpacked archive, every file that no build has made."""
    try:
        listed = subprocess.run(['git', '-C', str(root), 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                                capture_output=True, text=True, check=True).stdout
        files = [root / name for name in listed.split('\0') if name]
    except (OSError, subprocess.CalledProcessError):
        files = [p for p in root.rglob('*') if not {'build', '.git', '.cache'} & set(p.relative_to(root).parts)]
    return sorted(p for p in files if p.is_file())


def check(root):
    """All complaints about a checkout."""
    complaints = []
    for path in tracked_files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix not in TEXT_SUFFIXES or name.startswith('tests/data/') or path.name == 'LICENSE':
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        complaints += check_text(name, text, root)
        if path.suffix in SUFFIXES:
            complaints += check_cpp(name, text)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    complaints = check(parser.parse_args().root)
    print('\n'.join(complaints) or 'style: nothing to say')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
