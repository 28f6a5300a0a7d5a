# Shared by the lanes that are shell scripts: `source interop/lane.sh` from the repository's root, with $work a folder
# of the lane's own. Counts checks and vitest's tests; `finish` prints the line that .ci/run adds up.
passed=0 failed=0

check() { # what command…
  local what=$1
  shift
  if "$@" < /dev/null > "$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $what"
  else
    failed=$((failed + 1))
    echo "NOT OK  $what"
    tail -40 "$work/log"
  fi
}

# Runs vitest in a package and adds up its counts; a run that fails without counting is one failure.
# Its own summary line is left out, lest .ci/run count it a second time.
tests() { # package arguments…
  local package=$1 status ok bad
  shift
  (cd "$package" && npx vitest run "$@") < /dev/null > "$work/log" 2>&1
  status=$?
  tail -60 "$work/log" | grep -v -E '^(WARNING: All log|I0000|npm warn)' | grep -v -E '^ *Tests '
  ok=$(grep -E '^ *Tests ' "$work/log" | grep -oE '[0-9]+ passed' | grep -oE '[0-9]+' | tail -1)
  bad=$(grep -E '^ *Tests ' "$work/log" | grep -oE '[0-9]+ failed' | grep -oE '[0-9]+' | tail -1)
  [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ] && bad=1
  [ "$status" -eq 0 ] && [ "${ok:-0}" -eq 0 ] && bad=1
  passed=$((passed + ${ok:-0}))
  failed=$((failed + ${bad:-0}))
  echo "        $package: ${ok:-0} tests ok, ${bad:-0} not ok"
}

# environment NAME REQUIREMENTS: a virtual environment that holds exactly these requirements
environment() {
  local folder=.cache/$1 stamp
  stamp=$(sha256sum "$2" | cut -d' ' -f1)
  if [ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$folder"
    "${PYTHON:-python3}" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$2"
    echo "$stamp" >"$folder/stamp"
  fi
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
