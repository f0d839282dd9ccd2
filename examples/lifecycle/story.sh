#!/bin/sh
# The life of a strategy from its first backtest to live and down again, in a store of its own.
# Usage: story.sh [DIRECTORY]; the store and the reports are left there. Takes qmtl-policy from $QMTL_POLICY or PATH.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
program=${QMTL_POLICY:-qmtl-policy}
directory=${1:-$(mktemp -d)}
mkdir -p "$directory"
store=$directory/story.db
policy=$here/policy.yaml

# Says what happens, runs it, and shows the lines that matter.
step() {
  printf '\n== %s\n' "$1"
}
at() {
  now=$1
  shift
  "$program" "$@" --store "$store" --now "$now"
}
# A command that must be refused, with what it says.
refused() {
  if at "$@" 2>"$directory/refusal"; then
    echo 'this should have been refused' >&2
    exit 1
  fi
  sed 's/^error: /refused: /' "$directory/refusal"
}
submit() {
  at "$1" run submit "$policy" --strategy trend --run "$2" --stage "$3" --snapshot "$here/$4.json" --format table |
    grep -E '^(state|status|may run as)'
}
decide() {
  at "$1" eval "$policy" --snapshot "$here/$2.json" --stage live --record --format ndjson 2>"$directory/recorded" |
    sed -n 's/.*"selected":\(\[[^]]*\]\).*"trend":{"status":"\([a-z]*\)","selected":\([a-z]*\),"action":"\([a-z]*\)","effective_mode":"\([a-z-]*\)".*/selected \1; trend: \2, \4, may run as \5/p'
}
act() {
  now=$1
  verb=$2
  shift 2
  at "$now" promote "$verb" "$policy" --strategy trend --run paper-2 "$@" --format table | grep '^  '
}
status() {
  at "$1" world status "$policy" --risk-snapshot "$1" --format table | sed -n '/what blocks it/,$p' | grep -v '^$'
}

step 'A store for simulations: time is what --now says'
"$program" store init --store "$store" --simulated --format table | head -n 1

step 'A first backtest: passes its rules, but 180 days of backtest are asked for'
submit 2025-07-01 backtest-1 backtest backtest
status 2025-07-01

step 'Half a year later the backtest window is full: ready for paper'
submit 2025-12-30 backtest-2 backtest backtest_end
status 2025-12-30

step 'Paper begins, and is not long enough yet'
submit 2025-12-31 paper-1 paper paper
status 2025-12-31

step 'Paper is long enough: only a person is missing'
submit 2026-03-02 paper-2 paper paper_end
status 2026-03-02
at 2026-03-02 promote plan "$policy" --strategy trend --run paper-2 --risk-snapshot 2026-03-02 --format table

step 'Nobody but the risk desk may approve, and nothing goes live without approval'
refused 2026-03-02T09:00:00Z promote approve "$policy" --strategy trend --run paper-2 --actor intern --reason 'looks good'
refused 2026-03-02T09:00:00Z promote apply "$policy" --strategy trend --run paper-2 --actor ops --reason 'go' \
  --risk-snapshot 2026-03-02T09:00:00Z

step 'The risk desk approves, operations apply'
act 2026-03-02T10:00:00Z approve --actor risk-desk --reason 'paper agrees with backtest'
act 2026-03-02T14:00:00Z apply --actor ops --reason 'start of the week' --risk-snapshot 2026-03-02T14:00:00Z
decide 2026-03-02T15:00:00Z live
status 2026-03-02T15:00:00Z

step 'A drawdown over the limit takes it down at once, whatever hysteresis says'
decide 2026-03-03T15:00:00Z loss
status 2026-03-03T15:00:00Z

step 'Good numbers alone do not bring it back to live'
decide 2026-03-04T15:00:00Z recovered
status 2026-03-04T15:00:00Z

step 'The world is halted, and goes on when the risk desk says so'
at 2026-03-04T16:00:00Z world halt "$policy" --actor ops --reason 'prices look wrong' --format table | grep '^  '
status 2026-03-04T17:00:00Z
refused 2026-03-04T17:00:00Z world resume "$policy" --actor ops --reason 'prices are fine'
at 2026-03-04T18:00:00Z world resume "$policy" --actor risk-desk --reason 'prices are fine' --format table | grep '^  '

step 'Approved anew it is live again; whoever doubts that takes it back'
act 2026-03-05T10:00:00Z approve --actor risk-desk --reason 'the loss was one day'
act 2026-03-05T11:00:00Z apply --actor ops --reason 'as approved' --risk-snapshot 2026-03-05T11:00:00Z
status 2026-03-05T11:00:00Z
act 2026-03-05T12:00:00Z rollback --actor ann --reason 'approved too early'
status 2026-03-05T12:00:00Z

step 'Everything is in the record, and nothing in it was changed'
"$program" store verify --store "$store" --format table

step 'The report'
for language in en ko; do
  at 2026-03-06T16:00:00Z report "$policy" --lang $language --format html --out "$directory/report.$language.html" \
    --risk-snapshot 2026-03-06T16:00:00Z
done
at 2026-03-06T16:00:00Z report "$policy" --strategy trend --format md --risk-snapshot 2026-03-06T16:00:00Z |
  sed -n '1,10p'
printf '\nreports: %s and %s\n' "$directory/report.en.html" "$directory/report.ko.html"
