#!/usr/bin/env python3
"""Runs a command beside four network namespaces that are far from each other.

usage: far_network.py [--seed N] COMMAND...

Each namespace has the address 10.77.0.K (K = 1..4) on a tunnel to this process, which hands packets on after 20 ms and
loses half of them in bursts of 100 ms, about one a second. COMMAND finds the files of the namespaces in NAMESPACES
(for nsenter --net=) and their addresses in ADDRESSES, separated by blanks. Ends as COMMAND does; with 77 and a reason
where namespaces cannot be made.
"""
import argparse
import collections
import ctypes
import fcntl
import os
import random
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time

DELAY_S = 0.02
BURST_S = 0.1
QUIET_S = 1.0
LOST_IN_BURST = 0.5
NAMESPACES = 4
PACKET_BYTES = 65536
CANNOT = 77
CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x0001 | 0x1000


def hold_namespace(number, channel):
    """In a child: makes a namespace with a tunnel, gives the tunnel to the parent, and stays until the parent ends."""
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'unshare: ' + os.strerror(ctypes.get_errno()))
        tunnel = os.open('/dev/net/tun', os.O_RDWR)
        fcntl.ioctl(tunnel, TUNSETIFF, struct.pack('16sH', b'far0', IFF_TUN_WITHOUT_HEADER))
        for words in ('link set lo up', f'addr add 10.77.0.{number}/24 dev far0', 'link set far0 up'):
            subprocess.run(['ip', *words.split()], check=True, capture_output=True)
        socket.send_fds(channel, [b'ok'], [tunnel])
        os.close(tunnel)
    except (OSError, subprocess.CalledProcessError) as error:
        channel.send(str(error).encode())
        os._exit(1)
    channel.recv(1)  # until the parent ends
    os._exit(0)


def make_namespace(number):
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        hold_namespace(number, theirs)
    theirs.close()
    said, tunnels, _, _ = socket.recv_fds(ours, 256, 1)
    if not tunnels:
        print(f'skipped: network namespaces cannot be made here: {said.decode()}')
        sys.exit(CANNOT)
    os.set_blocking(tunnels[0], False)
    return child, ours, tunnels[0]


class Relay:
    def __init__(self, tunnels, seed):
        self.tunnels = dict(enumerate(tunnels, start=1))
        self.random = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        for tunnel in tunnels:
            self.selector.register(tunnel, selectors.EVENT_READ)
        self.waiting = collections.deque()  # (due, tunnel, packet): all wait equally long
        self.burst_at = time.monotonic() + QUIET_S
        self.lost = self.passed = 0

    def loses(self, now):
        if now >= self.burst_at + BURST_S:
            self.burst_at = now + QUIET_S * 2 * self.random.random()
        return now >= self.burst_at and self.random.random() < LOST_IN_BURST

    def take(self, tunnel, now):
        while True:
            try:
                packet = os.read(tunnel, PACKET_BYTES)
            except BlockingIOError:
                return
            is_ipv4 = len(packet) >= 20 and packet[0] >> 4 == 4
            to = self.tunnels.get(packet[19]) if is_ipv4 and packet[16:19] == bytes([10, 77, 0]) else None
            if to is None:
                continue
            if self.loses(now):
                self.lost += 1
            else:
                self.waiting.append((now + DELAY_S, to, packet))

    def turn(self):
        now = time.monotonic()
        rest = self.waiting[0][0] - now if self.waiting else 0.05
        for key, _ in self.selector.select(max(0.0, min(rest, 0.05))):
            self.take(key.fd, time.monotonic())
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, to, packet = self.waiting.popleft()
            try:
                os.write(to, packet)
                self.passed += 1
            except BlockingIOError:
                self.lost += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('command', nargs=argparse.REMAINDER)
    options = parser.parse_args()
    made = [make_namespace(number) for number in range(1, NAMESPACES + 1)]
    environment = dict(os.environ,
                       NAMESPACES=' '.join(f'/proc/{child}/ns/net' for child, _, _ in made),
                       ADDRESSES=' '.join(f'10.77.0.{number}' for number in range(1, NAMESPACES + 1)))
    command = subprocess.Popen(options.command, env=environment)
    relay = Relay([tunnel for _, _, tunnel in made], options.seed)
    while command.poll() is None:
        relay.turn()
    print(f'seed {options.seed}: {relay.passed} packets passed, {relay.lost} lost', flush=True)
    for child, _, _ in made:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return command.returncode


if __name__ == '__main__':
    sys.exit(main())
