#!/usr/bin/env bash
# Train a sweep at a fixed commit: sweep.sh experiment=fig4 budget=full [KEY=VALUE ...]
#
# The code and the configs come from a worktree of the commit (AT=COMMIT; HEAD if none), beside the
# checkout; data and results are the checkout's own. So the checkout may be worked on meanwhile:
# it neither changes the sweep nor makes its rows -dirty. The same command goes on after a stop.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)

fail() {
  printf 'sweep: %s\n' "$@" >&2
  exit 2
}

[ $# -gt 0 ] || fail "expected settings, as in: make sweep ARGS='experiment=fig4 budget=full'"
commit=$(git -C "$checkout" rev-parse --verify --quiet "${AT:-HEAD}^{commit}") ||
  fail "AT=${AT:-HEAD}: no such commit"
tree=${SWEEPS:-$checkout.sweeps}/${commit:0:10}
[ -e "$tree" ] || git -C "$checkout" worktree add --quiet --detach "$tree" "$commit"
[ "$(git -C "$tree" rev-parse HEAD)" = "$commit" ] || fail "$tree is no longer at ${commit:0:10}"
[ -z "$(git -C "$tree" status --porcelain)" ] ||
  fail "$tree was changed; remove it: git worktree remove --force $tree"
echo "sweep: at ${commit:0:10}, in $tree" >&2
export ADAMREPRO_HOME=$checkout PYTHONPATH=$tree/src
exec "${PYTHON:-$checkout/.venv/bin/python}" -m adamrepro train -m "$@"
