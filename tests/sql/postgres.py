#!/usr/bin/env python3
"""Holds the SQL tests of tests/sql/postgres against a real PostgreSQL.

    tests/sql/postgres.py [--fill] [FILE.slt]...       with PGHOST, PGPORT, PGUSER as psql takes them

Without --fill it compares and exits with 1 when a row differs; with --fill it writes PostgreSQL's rows into the files.
Each query runs in a schema of its own, which is dropped afterwards. The server's time zone must be UTC.
"""

import argparse
import pathlib
import re
import subprocess
import sys

SCHEMA = "dart_sql_test"
WITH_CLAUSE = re.compile(r"\)\s*WITH\s*\((connector\b.*?)\)\s*;", re.IGNORECASE | re.DOTALL)
TABLE = re.compile(r"CREATE TABLE (\w+)\s*\(.*?\)\s*WITH\s*\((connector\b.*?)\)\s*;", re.IGNORECASE | re.DOTALL)


def blocks_of(text):
    """Blocks as lists of lines; empty lines separate them."""
    block = []
    for line in text.split("\n"):
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def copy_commands(setup, files):
    for name, options in TABLE.findall(setup):
        path = re.search(r"path\s*=\s*'([^']*)'", options)
        if path and path.group(1) in files:
            header = ", HEADER" if re.search(r"header\s*=\s*true", options) else ""
            yield f"COPY {name} FROM STDIN WITH (FORMAT csv{header});\n{files[path.group(1)]}\\.\n"


def answer(setup, script, files):
    text = f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; SET search_path = {SCHEMA};\n"
    text += WITH_CLAUSE.sub(");", setup) + "\n" + "".join(copy_commands(setup, files)) + script + "\n"
    text += f"DROP SCHEMA {SCHEMA} CASCADE;\n"
    psql = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-P", "null=NULL", "-v", "ON_ERROR_STOP=1"],
        input="SET client_min_messages = warning;\n" + text,
        capture_output=True,
        text=True,
        check=False,
    )
    if psql.returncode != 0:
        raise RuntimeError(psql.stderr.strip())
    return [line if line else '""' for line in psql.stdout.split("\n")[:-1]]


def alike(a, b):
    cells_a, cells_b = a.split("|"), b.split("|")
    if len(cells_a) != len(cells_b):
        return False
    for x, y in zip(cells_a, cells_b):
        if x == y:
            continue
        try:
            if abs(float(x) - float(y)) > 1e-9 * max(1.0, abs(float(x))):
                return False
        except ValueError:
            return False
    return True


def process(path, fill):
    setup, files, problems, out = "", {}, [], []
    for block in blocks_of(path.read_text()):
        lines = [line for line in block if not line.startswith("#")]
        head = lines[0].split() if lines else [""]
        if head[0] == "file":
            files[head[1]] = "".join(line + "\n" for line in lines[1:])
        elif head[0] == "setup":
            setup += "\n".join(lines[1:]) + "\n"
        elif head[0] == "query":
            at = lines.index("----")
            try:
                rows = answer(setup, "\n".join(lines[1:at]), files)
            except RuntimeError as error:
                problems.append(f"{path}: {lines[1]}: {error}")
                out.append("\n".join(block))
                continue
            expected = lines[at + 1 :]
            if fill:
                block = block[: block.index("----") + 1] + rows
            else:
                pair = (sorted(rows), sorted(expected)) if "unordered" in head else (rows, expected)
                if len(pair[0]) != len(pair[1]) or not all(alike(a, b) for a, b in zip(*pair)):
                    problems.append(f"{path}: {lines[1]}\n  PostgreSQL: {rows}\n  expected:   {expected}")
        out.append("\n".join(block))
    if fill:
        path.write_text("\n\n".join(out) + "\n")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    files = args.files or sorted((pathlib.Path(__file__).parent / "postgres").glob("**/*.slt"))
    problems = [problem for path in files for problem in process(path, args.fill)]
    print("\n".join(problems) if problems else f"{len(files)} files agree with PostgreSQL")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
