#!/usr/bin/env python3
"""Holds the arrows of src/ to cmake/rooms.txt, the table that CMake links by.

A room includes itself and what its row names, directly or through those; never a sibling, never upwards, never tests.
Floors 0-4 stay away from files, sockets, threads, clocks and <random>. No file includes itself through others, and no
folder is a drawer (common, utils). Prints the size of each room; ends with 1 when an arrow is wrong.
"""
import argparse
import pathlib
import re
import sys

from cpp_source import code_only, includes, source_files

SANS_IO_FLOOR = 4
DRAWERS = {'common', 'util', 'utils', 'misc', 'helpers'}
BANNED_BELOW = re.compile(
    r'^(?:thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|fstream|iostream'
    r'|filesystem|chrono|ctime|random|csignal'
    r'|(?:unistd|fcntl|pthread|poll|time|signal|dirent|netdb|threads)\.h|(?:sys|net|netinet|arpa)/.*'
    r'|boost/(?:asio|beast|thread|filesystem|chrono|random)\b.*|spdlog/.*|openssl/.*)$')
BANNED_CALLS = re.compile(
    r'\bstd::(?:chrono|thread|jthread|this_thread|random_device|mt19937(?:_64)?)\b'
    r'|(?<![\w>:])(?:std)?::(?:rand|srand|getenv|time|clock|clock_gettime|gettimeofday|fopen|system)\s*\(')


def read_table(text):
    """The rooms: name -> (floor, direct dependencies). Raises ValueError on a row that breaks the rules itself."""
    rooms = {}
    for line in text.splitlines():
        words = line.split('#')[0].split()
        if words:
            rooms[words[0]] = (int(words[1]), set(words[2:]) | ({'base'} - {words[0]}))
    for room, (floor, needs) in rooms.items():
        for other in needs:
            if other not in rooms:
                raise ValueError(f'rooms.txt: {room} needs {other}, which has no row')
            if rooms[other][0] >= floor:
                raise ValueError(f'rooms.txt: {room} (floor {floor}) needs {other} (floor {rooms[other][0]})')
    return rooms


def reachable(rooms, room):
    """The rooms that a room may include: itself, its row, and what those may include."""
    seen, waiting = set(), [room]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += rooms[one][1]
    return seen


def check_file(src, path, text, rooms, edges):
    """Complaints about one file; fills edges[file] with the files of ours that it includes."""
    name = path.relative_to(src).as_posix()
    room = name.split('/')[0]
    if room not in rooms:
        return [f'src/{name}:1: the folder {room} has no row in cmake/rooms.txt']
    allowed, complaints = reachable(rooms, room), []
    for line, kind, target in includes(text):
        where = f'src/{name}:{line}:'
        if kind == '<':
            if rooms[room][0] <= SANS_IO_FLOOR and BANNED_BELOW.match(target):
                complaints.append(f'{where} <{target}> on floor {rooms[room][0]}: time, randomness and I/O are arguments')
            continue
        other = target.split('/')[0]
        if not (src / target).is_file():
            complaints.append(f'{where} "{target}" is no file below src/ (includes are root-relative)')
        elif other not in allowed:
            complaints.append(f'{where} {room} may not include {other} ("{target}")')
        edges.setdefault(name, []).append(target)
    if rooms[room][0] <= SANS_IO_FLOOR:
        code = code_only(text)
        for match in BANNED_CALLS.finditer(code):
            line = code.count('\n', 0, match.start()) + 1
            complaints.append(f'src/{name}:{line}: {match.group(0)} on floor {rooms[room][0]}')
    return complaints


def find_cycles(edges):
    """Complaints about files that reach themselves, one for each circle found."""
    done, complaints = set(), []

    def visit(name, trail):
        if name in trail:
            circle = trail[trail.index(name):] + [name]
            complaints.append(f'src/{name}:1: include circle: ' + ' -> '.join(circle))
        elif name not in done:
            for target in edges.get(name, []):
                visit(target, trail + [name])
            done.add(name)

    for name in sorted(edges):
        visit(name, [])
    return complaints


def check(root):
    """All complaints about a checkout, and the lines of code a room."""
    src = root / 'src'
    try:
        rooms = read_table((root / 'cmake' / 'rooms.txt').read_text())
    except ValueError as error:
        return [str(error)], {}
    complaints, edges, sizes = [], {}, {}
    for path in source_files(src):
        text = path.read_text()
        complaints += check_file(src, path, text, rooms, edges)
        room = path.relative_to(src).parts[0]
        sizes[room] = sizes.get(room, 0) + text.count('\n')
    for top in ('src', 'tests', 'tools'):
        for folder in sorted((root / top).rglob('*')):
            if folder.is_dir() and folder.name in DRAWERS:
                complaints.append(f'{folder.relative_to(root)}: a drawer; name the folder after what is in it')
    return complaints + find_cycles(edges), sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    complaints, sizes = check(parser.parse_args().root)
    print('\n'.join(complaints) or 'layers: every arrow points down')
    print('lines: ' + ', '.join(f'{room} {lines}' for room, lines in sizes.items()), f'({sum(sizes.values())} in all)')
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
