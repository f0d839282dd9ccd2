#!/bin/sh
# Records the decisions of the last six months of 2022 in a store of its own, and reports on them.
# Usage: report.sh [DIRECTORY] [TABLE]; takes qmtl-policy from $QMTL_POLICY or PATH.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
program=${QMTL_POLICY:-qmtl-policy}
directory=${1:-$(mktemp -d)}
table=${2:-$here/half_year.parquet}
mkdir -p "$directory"
store=$directory/rules.db
policy=$here/policy.yaml
now=2022-12-31T00:00:00Z

"$program" store init --store "$store" --simulated --format table | head -n 1
"$program" eval "$policy" --snapshot "$table" --correlations "$here/correlations.csv" --stage paper --detail none \
  --store "$store" --record --now "$now" --format ndjson --out "$directory/decisions.ndjson"
for language in en ko; do
  "$program" report "$policy" --store "$store" --now "$now" --lang $language --format html --out "$directory/report.$language.html"
done
printf 'reports: %s and %s\n' "$directory/report.en.html" "$directory/report.ko.html"
