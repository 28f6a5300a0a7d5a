# Shared by .ci/run and .ci/long: lanes, their counts, and the line at the end. Source it from a script with `set -uo pipefail`.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true TURBO_TELEMETRY_DISABLED=1 NO_COLOR=1

PNPM="npx -y $(node -p 'require("./package.json").packageManager')"
logs=$(mktemp -d)
passed=0 failed=0 broken=()

# Adds up what a lane's runners counted: vitest's "Tests  3 failed | 10 passed (13)" and plain "N passed, N failed".
count() { # log word
  sed -E 's/\x1b\[[0-9;]*m//g' "$1" | awk -v word="$2" '
    /(^|[: ])Tests  +[0-9]/ || /^([a-zA-Z-]+: )?[0-9]+ passed, [0-9]+ failed$/ {
      for (i = 2; i <= NF; i++) if ($i ~ "^" word ",?$") sum += $(i - 1)
    } END { print sum + 0 }'
}

lane() { # name command…
  local name=$1 log="$logs/$1" status ok bad
  shift
  echo "=== lane $name: $*"
  local started=$SECONDS
  "$@" < /dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  ok=$(count "$log" passed) bad=$(count "$log" failed)
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ "$status" -eq 0 ] && [ "$ok" -eq 0 ]; then ok=1; fi
  passed=$((passed + ok)) failed=$((failed + bad))
  [ "$bad" -eq 0 ] || broken+=("$name")
  echo "=== lane $name: $ok ok, $bad not ok, $((SECONDS - started)) s"
}

wanted() { [ "${#only[@]}" -eq 0 ] || [[ " ${only[*]} " == *" $1 "* ]]; }
only=("$@")
# With gcc, which makes the library that interrupts commands.
with_gcc() {
  command -v gcc > /dev/null || { apt-get update && apt-get install -y gcc libc6-dev; } && "$@"
}

# The lanes' counts, and whether all is well.
finish() {
  # What failed stands at the end again, where a log that is cut still shows it.
  for name in "${broken[@]}"; do
    echo "=== failed in lane $name:"
    sed -E 's/\x1b\[[0-9;]*m//g' "$logs/$name" | grep -E '(✗|×|FAIL |[Ee]rror\b|^(not ok|NOT OK)|failed to|^ +pnpm )' | cut -c1-300 | head -20
  done
  echo "=== all lanes: $((SECONDS / 60)) min $((SECONDS % 60)) s"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
