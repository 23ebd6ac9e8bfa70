#!/usr/bin/env bash
# Both DEBS 2015 queries over the bundled trips: on a terminal the live top ten, then a summary; otherwise the summary.
# usage: examples/taxi/demo.sh DART [TRIPS.csv]      (DART_DEMO_RATE: trips a second on a terminal, 1000 by default)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dart=${1:?usage: examples/taxi/demo.sh DART [TRIPS.csv]}
input=${2:-$here/trips.csv}
rate=${DART_DEMO_RATE:-1000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Columns of a result row: pickup, dropoff, ten entries of `width` columns each, delay.
print_routes() {
  local -n row_=$1
  local rank place
  for rank in {1..10}; do
    place=$((2 * rank))
    [ "${row_[place]:-NULL}" = NULL ] && row_[place]=- row_[place + 1]=-
    printf '  %2d  %9s -> %-9s\n' "$rank" "${row_[place]}" "${row_[place + 1]}"
  done
}
print_areas() {
  local -n row_=$1
  local rank place
  for rank in {1..10}; do
    place=$((4 * rank - 2))
    [ "${row_[place]:-NULL}" = NULL ] && row_[place]=- row_[place + 1]=- row_[place + 2]=- row_[place + 3]=-
    printf '  %2d  %9s  %6s  %9s  %14s\n' "$rank" "${row_[place]}" "${row_[place + 1]}" "${row_[place + 2]}" "${row_[place + 3]}"
  done
}

print_top_tens() {
  printf 'Most frequent routes of the last 30 minutes (cells of 500 m)\n'
  print_routes routes
  printf '\nMost profitable areas (cells of 250 m)\n'
  printf '  %2s  %9s  %6s  %9s  %14s\n' '' cell taxis 'profit $' '$ per taxi'
  print_areas areas
}

routes=() areas=() route_rows=0 area_rows=0

# Rows of both queries come through one pipe; the number of columns tells them apart.
take_row() {
  local -a row
  IFS=, read -r -a row <<<"$1"
  if [ ${#row[@]} -eq 23 ]; then
    routes=("${row[@]}")
    route_rows=$((route_rows + 1))
  else
    areas=("${row[@]}")
    area_rows=$((area_rows + 1))
  fi
}

live() {
  local line drawn=0 now reset=$'\e[H' clear_line=$'\e[K' below=$'\e[J'
  printf '\e[2J'
  while IFS= read -r line; do
    take_row "$line"
    now=${EPOCHREALTIME//[!0-9]/}
    [ $((now - drawn)) -ge 50000 ] || continue
    drawn=$now
    {
      printf 'New York, %s   (%s trips a second; Ctrl-C ends)\n\n' "${areas[1]:-${routes[1]:-}}" "$rate"
      print_top_tens
    } >"$folder/frame"
    # One write a frame, each line cleared behind its end, so that nothing flickers.
    printf '%s%s%s' "$reset" "$(sed "s/\$/$clear_line/" "$folder/frame")" "$below"
  done
  printf '\e[H\e[2J'
}

collect() {
  local line
  while IFS= read -r line; do take_row "$line"; done
}

run_dart() {
  local status=0
  "$dart" run "$1" -v input="$input" --stats 2>"$folder/stats" || status=$?
  echo "$status" >"$folder/exit"
}

if [ -t 1 ]; then
  # A schedule makes a recording last; the queries are those of both.sql.
  sed "s/WITH (connector = 'file', path = :'input',/WITH (connector = 'file', path = :'input', rate = $rate,/" \
    "$here/both.sql" >"$folder/both.sql"
  trap : INT # dart ends in order, and the summary follows
  live < <(run_dart "$folder/both.sql")
else
  collect < <(run_dart "$here/both.sql")
fi
if [ "$(cat "$folder/exit")" != 0 ]; then
  cat "$folder/stats" >&2
  exit 1
fi

printf 'New York taxis at %s\n\n' "${areas[1]:-${routes[1]:-}}"
print_top_tens
printf '\n%s changes of the top routes, %s of the top areas. What each operator did:\n\n' "$route_rows" "$area_rows"
cat "$folder/stats"
