#!/usr/bin/env python3
"""Runs a command and prints, as one JSON object, what it printed and the bytes that `lo` carried meanwhile.

Meant to run in a network namespace of its own (unshare -rn), where nobody else talks; sets `lo` up if it is down.
"""
import fcntl
import json
import socket
import struct
import subprocess
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def set_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack('16sh', b'lo', 0)
        flags = struct.unpack('16sh', fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        if flags & IFF_UP:
            return
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack('16sh', b'lo', flags | IFF_UP))


def sent_bytes():
    with open('/proc/net/dev', encoding='ascii') as table:
        for line in table:
            name, _, numbers = line.partition(':')
            if name.strip() == 'lo':
                fields = numbers.split()
                return int(fields[8]), int(fields[9])
    return 0, 0


set_up()
bytes_before, packets_before = sent_bytes()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True)
bytes_after, packets_after = sent_bytes()
print(json.dumps({'bytes': bytes_after - bytes_before, 'packets': packets_after - packets_before,
                  'output': json.loads(done.stdout)}))
