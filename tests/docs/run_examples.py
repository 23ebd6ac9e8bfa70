#!/usr/bin/env python3
"""Runs the examples of one document with a built dart and compares what they print.

usage: run_examples.py DART SOURCE_FOLDER DOCUMENT.md

Fenced blocks, by the words behind the fence:

    ```csv orders.csv     a file (any language, then its name) in the folder that the examples run in
    ```sql setup          statements that stand before every later example of the document
    ```sql                an example, when the next block is one of these two; otherwise prose
    ```output             what it prints, line by line
    ```error              what it says on standard error, with a non-zero exit; a line `...` stands for the rest
    ```console            lines `$ command` for bash, each followed by what it prints (both streams)

The folder has a link `examples` to the repository's. A document without an example fails: it does not belong here.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 60


def blocks_of(text):
    """(line, words behind the fence, content) of every fenced block."""
    for match in FENCE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1).split(), match.group(2)


class Examples:
    def __init__(self, dart, source, document, folder):
        self.dart, self.document, self.folder = dart, document, folder
        self.setup = ""
        self.failures = []
        self.count = 0
        os.symlink(os.path.join(source, "examples"), os.path.join(folder, "examples"))
        self.environment = dict(os.environ, PATH=os.path.dirname(dart) + os.pathsep + os.environ["PATH"], LC_ALL="C")

    def compare(self, line, expected, got):
        want, have = [[row.rstrip() for row in text.rstrip("\n").split("\n")] for text in (expected, got)]
        if want[-1] == "...":
            want, have = want[:-1], have[: len(want) - 1]
        if want != have:
            self.failures.append(
                f"{self.document}:{line}: expected\n" + "\n".join("  | " + row for row in want)
                + "\ngot\n" + "\n".join("  | " + row for row in have))

    def run(self, command, **more):
        return subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, encoding="utf-8", errors="replace", timeout=TIMEOUT_S, **more)

    def sql(self, line, statement, kind, expected):
        self.count += 1
        with open(os.path.join(self.folder, "example.sql"), "w", encoding="utf-8") as script:
            script.write(self.setup + statement)
        done = self.run([self.dart, "run", "example.sql"], stderr=subprocess.PIPE)
        if kind == "output":
            if done.returncode != 0:
                self.failures.append(f"{self.document}:{line}: exit {done.returncode}: {done.stderr}")
            self.compare(line, expected, done.stdout)
            return
        if done.returncode == 0:
            self.failures.append(f"{self.document}:{line}: no error came")
        shift = self.setup.count("\n")
        said = re.sub(r"^example\.sql:(\d+):", lambda m: f"example.sql:{int(m.group(1)) - shift}:", done.stderr)
        self.compare(line, expected, said)

    def console(self, line, text):
        commands = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
        for command in commands:
            self.count += 1
            first, _, expected = command.partition("\n")
            done = self.run(["bash", "-c", first], stderr=subprocess.STDOUT)
            self.compare(line, expected, done.stdout)

    def run_all(self, text):
        blocks = list(blocks_of(text))
        following = blocks[1:] + [(0, [], "")]
        for (line, words, content), (after, next_words, expected) in zip(blocks, following):
            if len(words) == 2 and words != ["sql", "setup"]:
                with open(os.path.join(self.folder, words[1]), "w", encoding="utf-8") as file:
                    file.write(content)
            elif words == ["sql", "setup"]:
                self.setup += content
            elif words == ["sql"] and next_words in (["output"], ["error"]):
                self.sql(after, content, next_words[0], expected)
            elif words == ["console"]:
                self.console(line, content)


def main():
    dart, source, document = (os.path.abspath(path) for path in sys.argv[1:4])
    folder = tempfile.mkdtemp(prefix="dart_docs_")
    try:
        examples = Examples(dart, source, os.path.relpath(document, source), folder)
        with open(document, encoding="utf-8") as file:
            examples.run_all(file.read())
    finally:
        shutil.rmtree(folder)
    if examples.count == 0:
        examples.failures.append(f"{document}: no example was found: every page here has one, marked as run_examples.py says")
    print(*examples.failures, sep="\n")
    print(f"{examples.count} examples, {len(examples.failures)} failures")
    return 1 if examples.failures else 0


if __name__ == "__main__":
    sys.exit(main())
