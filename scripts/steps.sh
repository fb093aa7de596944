# shellcheck shell=bash
# Sourced by the scripts beside it: runs a script's steps under headers, with the time each took.

failed_steps=()

# step NAME COMMAND... runs one step. A failure is remembered and the next step runs all the same, so that one run shows
# everything that is wrong; `finish` turns it into the exit status.
step() {
  local name=$1 started=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  if ((status == 0)); then
    printf -- '-- %s: ok (%d s)\n' "$name" $((SECONDS - started))
  else
    printf -- '-- %s: FAILED with exit status %d (%d s)\n' "$name" "$status" $((SECONDS - started))
    failed_steps+=("$name")
  fi
}

# finish NAME ends the script: 0 when every step passed, 1 otherwise.
finish() {
  if ((${#failed_steps[@]} == 0)); then
    printf '\n%s: passed (%d s)\n' "$1" "$SECONDS"
    exit 0
  fi
  printf '\n%s: FAILED (%d s):' "$1" "$SECONDS"
  printf ' [%s]' "${failed_steps[@]}"
  printf '\n'
  exit 1
}
