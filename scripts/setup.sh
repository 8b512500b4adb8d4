#!/usr/bin/env bash
# Make .venv with the pinned dependencies (what `make setup` runs). PYTHON names the interpreter;
# without it the first of the supported ones is taken. An environment that works is kept.
set -euo pipefail
cd "$(dirname "$0")/.."

ready=.venv/.ready
supported='import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13)'
read -ra candidates <<<"${PYTHON:-python3 python3.13 python3.12 python3.11}"

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 2
}

python=
for candidate in "${candidates[@]}"; do
  if "$candidate" -c "$supported" 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "no Python 3.11, 3.12 or 3.13 found (tried: ${candidates[*]})" \
  "install one, or name it: make setup PYTHON=/path/to/python3.12"

# Two calls at once: the second waits, and finds the work done. The lock is this shell's, which holds
# the file open; macOS has no flock(1).
exec 9<Makefile
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
if [ "$(cat $ready 2>/dev/null)" = "$PWD" ] &&
  [ $ready -nt pyproject.toml ] && [ $ready -nt constraints.txt ]; then
  exit
fi
rm -f $ready

quietly=--quiet
if ! .venv/bin/python -c "$supported; import pip" 2>/dev/null; then
  quietly=
  echo "setup: making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv ||
    fail "$python cannot make a virtual environment" "on Debian and Ubuntu: apt install python3-venv"
fi
.venv/bin/python -m pip install $quietly --disable-pip-version-check --no-input -e '.[dev]' \
  -c constraints.txt || fail "pip could not install the packages (see above); make setup tries again"
echo "$PWD" >$ready
