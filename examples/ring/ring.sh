#!/usr/bin/env bash
# Eight nodes of a ring on this machine, over TLS, each with a share of the taxi trips. Both DEBS 2015 queries are handed
# to the first node; the rows that the last one prints are compared with those of one process over all trips.
# usage: examples/ring/ring.sh DART [TRIPS.csv]
#   CHUNK_ROWS=N     rows of a chunk (2048)
#   RATE=N           trips a second that each gateway reads (as fast as it can)
#   NAMESPACES, ADDRESSES   files of network namespaces, and the address in each: nodes are spread over them (none: loopback)
#   CHANGE=1         a ninth node, without trips, runs the first query's main part; while rows come a tenth joins, and the
#                    ninth leaves
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dart=$(realpath "${1:?usage: examples/ring/ring.sh DART [TRIPS.csv]}")
trips=$(realpath "${2:-$here/../taxi/trips.csv}")
chunk_rows=${CHUNK_ROWS:-2048}
rate=${RATE:-1000000}
change=${CHANGE:-0}
nodes=8
folder=$(mktemp -d)
pids=()
finish() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

read -ra namespaces <<<"${NAMESPACES:-}"
read -ra addresses <<<"${ADDRESSES:-127.0.0.1}"
# at NODE COMMAND...: on the machine of a node.
at() {
  local place=$(($1 % ${#addresses[@]}))
  shift
  if [ ${#namespaces[@]} -eq 0 ]; then exec "$@"; else exec nsenter --net="${namespaces[place]}" "$@"; fi
}
# on NODE COMMAND...: the program, asking a node.
on() {
  local node=$1
  shift
  (at "$node" "$dart" "$@" --http "$(word "$node" http)")
}

"$dart" cert ca --out ca >/dev/null
# Line by line to one node after the other: every share is in order of time, as the whole is.
split -n "r/$nodes" -d -a 1 "$trips" share.

# word NODE WORD: what follows a word on the first line that a node printed.
word() { sed -n "1s/.* $2 \([^ ]*\).*/\1/p" "node$1/log"; }
# await WHAT COMMAND...: until the command holds, a minute at most.
await() {
  local what=$1 tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || { echo "ring.sh: $what did not happen" >&2; tail -n 3 node*/log >&2; exit 1; }
    sleep 0.1
  done
}
start() {
  local i=$1
  shift
  mkdir -p "node$i"
  "$dart" cert host "node$i" --ca ca --out certs >/dev/null
  (cd "node$i" && at "$i" "$dart" node start --listen "${addresses[i % ${#addresses[@]}]}:0" --http 127.0.0.1:0 --data data --name "node$i" \
    --ca ../ca/ca.pem --cert "../certs/node$i.pem" --key "../certs/node$i-key.pem" --chunk-rows "$chunk_rows" "$@" \
    >log 2>&1) &
  pids[i]=$!
  await "the start of node $i" grep -q '^started' "node$i/log"
}

for i in $(seq 0 $((nodes - 1))); do
  mkdir -p "node$i"
  mv "share.$i" "node$i/trips.csv"
  if [ "$i" = 0 ]; then
    start 0 --label role=cab --bootstrap
  else
    start "$i" --label role=cab --join "$(word 0 endpoint)"
  fi
done
for i in $(seq 0 $((nodes - 1))); do await "the joining of node $i" grep -q '^joined' "node$i/log"; done
last=$((nodes - 1))

all_cabs() { [ "$(on 0 ring ls --label role=cab -o json | grep -oE '[0-9a-f]{32}' | wc -l)" -ge "$nodes" ]; }
await "the group of all gateways" all_cabs

if [ "$change" = 1 ]; then
  start "$nodes" --join "$(word 0 endpoint)"
  await "the joining of the ninth node" grep -q '^joined' "node$nodes/log"
fi

submit() { on 0 query submit "$1" -f "$here/$1.sql" -v rate="$rate" "${@:2}"; }
# Where the main part of a query runs: the first digits of a node's id.
main_host() { on 0 query show "$1" | awk '$1 == "main" { print $3 }'; }
# Policy `random` finds the ninth node sooner or later.
submit_at_ninth() {
  submit frequent_routes --policy random >submitted || return 1
  local host
  host=$(main_host frequent_routes)
  [ -n "$host" ] || return 1
  case $(word "$nodes" node) in "$host"*) return 0 ;; esac
  on 0 query drop frequent_routes
  return 1
}

tails=()
for query in frequent_routes profitable_areas; do
  if [ "$change" = 1 ] && [ "$query" = frequent_routes ]; then
    await "a place at the ninth node" submit_at_ninth
    cat submitted
  else
    submit "$query"
  fi
  on "$last" stream tail "$query" >"$query.ring" &
  tails+=($!)
done

if [ "$change" = 1 ]; then
  await "the first row" test -s frequent_routes.ring
  start $((nodes + 1)) --join "$(word 0 endpoint)"
  await "the joining of the tenth node" grep -q '^joined' "node$((nodes + 1))/log"
  kill "${pids[nodes]}"
  await "the leaving of the ninth node" grep -q '^left' "node$nodes/log"
  [ "$(main_host frequent_routes)" ] && echo "the ninth node has handed over to $(main_host frequent_routes) and left"
fi
for pid in "${tails[@]}"; do wait "$pid"; done

status=0
for query in frequent_routes profitable_areas; do
  "$dart" run "$here/$query.sql" -v input="$trips" | sed 's/,[^,]*$//' >"$query.one"
  sed 's/,[^,]*$//' "$query.ring" >"$query.many"
  if cmp -s "$query.one" "$query.many"; then
    echo "$query: $(wc -l <"$query.many") rows, the same as one process gives, in the same order"
  else
    echo "$query: $(wc -l <"$query.many") rows, and one process gives $(wc -l <"$query.one"); the first difference:"
    diff "$query.one" "$query.many" | head -n 4
    status=1
  fi
done
exit $status
