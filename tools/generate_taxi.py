#!/usr/bin/env python3
"""Deterministic generator of DEBS 2015 taxi rows (17 fields, no header), sorted by
dropoff time, for throughput tests.  Standard library only.

The rows follow the distributions of a real sample (examples/taxi/trips.csv):
pickup and dropoff places, fares, tips, distances, durations, payment types
and the share of times with seconds are drawn from its valid rows.  Routes are drawn
with weights (rank + 1) ** -s over the sample's trips, the trips of the most frequent
500 m routes first, so a few routes are hot; places move by up to about 150 m
(--near of the trips) or 800 m, so new routes appear all the time.
Trips per minute follow a day curve around --rate (assumed, the sample covers one
hour only; 330 is the average of the year 2013).  Taxis come from a pool; a taxi is
normally not picked while it is still driving.  About --bad of the rows are bad:
zero coordinates (most), outside the grid, empty coordinate or fare, negative fare,
or too few fields.

Same options -> same bytes, on any machine.  --seed chooses another stream.
Examples:
  generate_taxi.py --rows 1m --out taxi_1m.csv
  generate_taxi.py --rows 100k --seed 7 | head
"""
import argparse
import collections
import datetime
import hashlib
import os
import random
import sys

DAY = [.83, .62, .46, .33, .25, .23, .48, .83, 1.05, 1.06, 1.02, 1.05, 1.12, 1.11,
       1.14, 1.08, .93, 1.10, 1.42, 1.50, 1.40, 1.36, 1.33, 1.10]
EAST, SOUTH = 5986, 4491.556            # one 500 m cell, in 1e-6 degree


def count(text):
    text = text.lower().replace('_', '')
    factor = {'k': 1000, 'm': 1000000}.get(text[-1], 1)
    return int(float(text.rstrip('km')) * factor)


def micro(text):
    return round(float(text) * 1000000)


def load(path):
    """Valid trips of the sample, those of frequent routes first."""
    trips, routes, with_seconds, rows = [], collections.Counter(), 0, 0
    for line in open(path):
        f = line.rstrip('\n').split(',')
        rows += 1
        with_seconds += not f[3].endswith(':00')
        place = [micro(v) for v in f[6:10]]
        if 0 in place or int(f[4]) <= 0:
            continue
        route = tuple((place[i] + 74913585) // EAST if i % 2 == 0 else
                      int((41474937 - place[i]) / SOUTH) for i in range(4))
        if not all(0 <= v < 299 for v in route):
            continue
        routes[route] += 1
        trips.append((route, place, int(f[4]), round(float(f[5]) * 100), f[10],
                      round(float(f[11]) * 100), f[12], f[13],
                      round(float(f[14]) * 100), round(float(f[15]) * 100)))
    trips.sort(key=lambda t: (-routes[t[0]], t))
    return trips, with_seconds / rows


def md5(text):
    return hashlib.md5(text.encode()).hexdigest().upper()


class Dates:
    def __init__(self, start):
        self.start, self.cache = start, {}

    def __call__(self, second):
        minute, s = divmod(second, 60)
        text = self.cache.get(minute)
        if text is None:
            if len(self.cache) > 5000:
                self.cache.clear()
            when = self.start + datetime.timedelta(minutes=minute)
            text = self.cache[minute] = when.strftime('%Y-%m-%d %H:%M:')
        return text + '%02d' % s


def generate(o, write):
    trips, with_seconds = load(o.sample)
    rnd = random.Random(o.seed).random          # only random(): stable everywhere
    dates = Dates(datetime.datetime.strptime(o.start, '%Y-%m-%d %H:%M:%S'))
    hour0 = dates.start.hour * 60 + dates.start.minute
    total, limits = 0.0, []
    for i in range(len(trips)):
        total += (i + 1) ** -o.skew
        limits.append(total)
    # guide table: position in `limits` for a uniform number
    size, guide, j = 1 << 16, [], 0
    for i in range(size):
        while limits[j] < total * i / size:
            j += 1
        guide.append(j)
    medallion = [md5('taxi %d' % i) for i in range(o.taxis)]
    license_ = [md5('driver %d' % i) for i in range(2 * o.taxis)]
    free_at = [-10 ** 9] * o.taxis
    mean_day = sum(DAY) / 24
    made, minute, carry = 0, 0, 0.0
    while made < o.rows:
        rate = o.rate * DAY[(hour0 + minute) // 60 % 24] / mean_day
        rate *= 0.9 + 0.2 * rnd()
        carry += rate
        n = min(int(carry), o.rows - made)
        carry -= int(carry)
        seconds = sorted(int(rnd() * 59) + 1 if rnd() < with_seconds else 0
                         for _ in range(n))
        for second in seconds:
            drop = minute * 60 + second
            u = rnd()
            k = guide[int(u * size)]
            u *= total
            while limits[k] < u:
                k += 1
            _, place, duration, distance, pay, fare, extra, tax, tip, toll = trips[k]
            duration = max(1, int(duration * (0.8 + 0.4 * rnd())))
            if second == 0:
                duration = max(60, duration - duration % 60)
            pickup = drop - duration
            taxi = int(rnd() * o.taxis)
            for _ in range(4):
                if free_at[taxi] <= pickup:
                    break
                taxi = int(rnd() * o.taxis)
            free_at[taxi] = drop
            driver = 2 * taxi + (drop // 43200 & 1)
            east, north = (1700, 1300) if rnd() < o.near else (10000, 7500)
            lon1 = place[0] + int((rnd() + rnd() - 1) * east)
            lat1 = place[1] + int((rnd() + rnd() - 1) * north)
            lon2 = place[2] + int((rnd() + rnd() - 1) * east)
            lat2 = place[3] + int((rnd() + rnd() - 1) * north)
            distance = int(distance * (0.95 + 0.1 * rnd()))
            fare = max(250, fare + 50 * (int(rnd() * 5) - 2))
            money = fare + tip + toll + round(100 * (float(extra) + float(tax)))
            f = [medallion[taxi], license_[driver], dates(pickup), dates(drop),
                 str(duration), '%.2f' % (distance / 100), '%.6f' % (lon1 / 1e6),
                 '%.6f' % (lat1 / 1e6), '%.6f' % (lon2 / 1e6), '%.6f' % (lat2 / 1e6),
                 pay, '%.2f' % (fare / 100), extra, tax, '%.2f' % (tip / 100),
                 '%.2f' % (toll / 100), '%.2f' % (money / 100)]
            if rnd() < o.bad:
                kind = rnd()
                if kind < .55:
                    f[6:10] = ['0.000000'] * 4
                elif kind < .80:
                    f[8:10] = ['0.000000'] * 2
                elif kind < .88:
                    f[7] = '%.6f' % (lat1 / 1e6 + 3)
                elif kind < .92:
                    f[9] = ''
                elif kind < .96:
                    f[11] = '-' + f[11]
                elif kind < .98:
                    f[11] = ''
                else:
                    del f[10:]
            write(','.join(f) + '\n')
        made += n
        minute += 1


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.abspath(__file__))
    p.add_argument('--rows', type=count, default=1000000, help='for example 500k, 10m')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--start', default='2013-01-14 06:00:00', help='first dropoff minute')
    p.add_argument('--rate', type=float, default=330, help='mean trips per minute')
    p.add_argument('--bad', type=float, default=0.02, help='share of bad rows')
    p.add_argument('--skew', type=float, default=0.2, help='exponent of the weights')
    p.add_argument('--near', type=float, default=0.4,
                   help='share of trips moved by at most 150 m (others: 800 m)')
    p.add_argument('--taxis', type=int, default=13400)
    p.add_argument('--sample', default=os.path.join(here, '..', 'examples', 'taxi', 'trips.csv'))
    p.add_argument('--out', default='-')
    o = p.parse_args()
    out = sys.stdout if o.out == '-' else open(o.out, 'w', newline='')
    try:
        generate(o, out.write)
        out.flush()
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == '__main__':
    main()
