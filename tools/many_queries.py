#!/usr/bin/env python3
"""Many small queries on one ring of eight nodes on this machine: memory of each, and the time until its first row.

Starts the nodes (without TLS, on loopback, in a folder of their own), submits queries at a steady pace to all nodes in
turn, follows each until its first row, and prints what it measured. Ends with 1 when a query was refused or showed no row.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SQL = """CREATE TABLE readings (id bigint, ts timestamp, area text) WITH (connector = 'datagen', seed = {number}, rate = {rate},
  id.distribution = 'sequence', ts.step = '100 ms', area.choices = 'north,south', event_time = ts, node = 'n{node}');
CREATE MATERIALIZED VIEW {name} AS SELECT id, area FROM readings;"""


class Node:
    def __init__(self, dart, folder, number, first):
        self.log = folder / f'n{number}.log'
        join = ['--bootstrap'] if first is None else ['--join', first.word('endpoint')]
        command = [dart, 'node', 'start', '--insecure', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data',
                   str(folder / f'n{number}'), '--name', f'n{number}', *join]
        self.process = subprocess.Popen(command, stdout=self.log.open('w'), stderr=subprocess.STDOUT)
        while 'joined' not in self.log.read_text():
            if self.process.poll() is not None:
                raise SystemExit(self.log.read_text())
            time.sleep(0.05)
        self.http = self.word('http')

    def word(self, what):
        words = self.log.read_text().split()
        return words[words.index(what) + 1]

    def resident_bytes(self):
        for line in pathlib.Path(f'/proc/{self.process.pid}/status').read_text().splitlines():
            if line.startswith('VmRSS'):
                return int(line.split()[1]) * 1024
        return 0


def submit(nodes, number, rate, took, failures):
    name = f'small{number}'
    asked, shown = nodes[number % len(nodes)], nodes[(number + 3) % len(nodes)]
    sql = SQL.format(number=number, rate=rate, node=(number + 5) % len(nodes), name=name)
    begun = time.monotonic()
    try:
        body = json.dumps({'sql': sql, 'name': name}).encode()
        request = urllib.request.Request(f'http://{asked.http}/v1/queries', data=body, method='POST',
                                         headers={'Content-Type': 'application/json'})
        urllib.request.urlopen(request, timeout=60).read()
        with urllib.request.urlopen(f'http://{shown.http}/v1/streams/{name}', timeout=60) as rows:
            while b'event: rows' not in rows.readline():
                pass
        took.append(time.monotonic() - begun)
    except Exception as error:  # whatever it was is counted and shown
        failures.append(f'{name}: {error} {error.read().decode() if hasattr(error, "read") else ""}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dart', help='the program')
    parser.add_argument('--queries', type=int, default=1000)
    parser.add_argument('--pace', type=float, default=20, help='submitted a second')
    parser.add_argument('--rate', type=int, default=10, help='rows a second of each query')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        nodes = []
        try:
            for number in range(8):
                nodes.append(Node(options.dart, pathlib.Path(folder), number, nodes[0] if nodes else None))
            time.sleep(5)
            idle = sum(node.resident_bytes() for node in nodes)
            took, failures, threads = [], [], []
            begun = time.monotonic()
            for number in range(options.queries):
                time.sleep(max(0.0, begun + number / options.pace - time.monotonic()))
                threads.append(threading.Thread(target=submit, args=(nodes, number, options.rate, took, failures)))
                threads[-1].start()
            for thread in threads:
                thread.join()
            time.sleep(5)
            busy = sum(node.resident_bytes() for node in nodes)
        finally:
            for node in nodes:
                node.process.kill()
    for line in failures[:10]:
        print(line, file=sys.stderr)
    took.sort()
    if took:
        p99 = took[min(len(took) - 1, int(0.99 * len(took)))]
        print(f'{len(took)} of {options.queries} queries showed a row; first row after {statistics.median(took):.3f} s '
              f'(median), {p99:.3f} s (p99), {took[-1]:.3f} s (slowest)')
    print(f'resident: {idle / 2**20:.0f} MB idle, {busy / 2**20:.0f} MB with all, '
          f'{(busy - idle) / 2**20 / options.queries:.3f} MB a query')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
