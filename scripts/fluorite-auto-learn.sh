#!/usr/bin/env bash
# Learns folders into a store, trains on what feedback there is, exports and commits where told to. Made for cron: says
# nothing when all went well, logs to a file, ends with the exit code of what failed (docs/cli.md). Reads local folders
# that are named here or in the configuration, fetches what --git and --url list, and nothing else.
set -euo pipefail
umask 077

usage() {
  cat <<'TEXT'
Usage: fluorite-auto-learn.sh [options] [--] [folder...]

Learns the spike templates of each folder (of the configured one when nothing is named), and the files named, then trains on the feedback kept since the last run.

  --files PATH        code, Markdown and data to learn (repeatable)
  --git ADDRESS       a git repository to fetch and learn (repeatable; ADDRESS#BRANCH)
  --url ADDRESS       a document to fetch and learn (repeatable)
  --memory-path DIR   the store (FLUORITE_MEMORY_PATH; memory_path of the configuration)
  --config FILE       configuration (FLUORITE_CONFIG; else the nearest fluorite.toml)
  --models-path DIR   where models lie
  --no-ml             load no model
  --wait SECONDS      wait for a store that is in use
  --log-dir DIR       where learning-*.log go (FLUORITE_LOG_DIR; ~/tmp/fluorite-learning), made with mode 0700
  --keep N            logs kept: 30
  --output-dir DIR    export the chunks to DIR/chunks.jsonl afterwards
  --commit            commit that file to the git repository DIR lies in; nothing else is committed, nothing is pushed
  --node FILE         the Node to run (FLUORITE_NODE; `node`)
  --verbose           log to the terminal as well
  --dry-run           print the commands, run none
  -h, --help          this text
TEXT
}

fail() { # exit code, message
  printf 'fluorite-auto-learn: %s\n' "$2" >&2
  exit "$1"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
node=${FLUORITE_NODE:-node}
log_dir=${FLUORITE_LOG_DIR:-${HOME:?HOME is not set}/tmp/fluorite-learning}
keep=30
output_dir=
commit=false
verbose=false
dry_run=false
options=()
folders=()
files=()
sources=()

while [ $# -gt 0 ]; do
  case $1 in
    --memory-path | --config | --models-path | --wait | --log-dir | --keep | --output-dir | --node | --files | --git | --url)
      [ $# -ge 2 ] || fail 2 "$1 needs a value"
      case $1 in
        --log-dir) log_dir=$2 ;;
        --keep) keep=$2 ;;
        --output-dir) output_dir=$2 ;;
        --node) node=$2 ;;
        --files) files+=("$2") ;;
        --git | --url) sources+=("$1" "$2") ;;
        *) options+=("$1" "$2") ;;
      esac
      shift 2
      ;;
    --no-ml) options+=("$1"); shift ;;
    --commit) commit=true; shift ;;
    --verbose) verbose=true; shift ;;
    --dry-run) dry_run=true; shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; folders+=("$@"); break ;;
    -*) fail 2 "unknown option $1; --help lists them" ;;
    *) folders+=("$1"); shift ;;
  esac
done
[[ $keep =~ ^[1-9][0-9]*$ ]] || fail 2 "--keep must be a number of at least 1"
if $commit && [ -z "$output_dir" ]; then fail 2 "--commit commits an export: give --output-dir"; fi
command -v "$node" >/dev/null 2>&1 || fail 1 "$node was not found: install Node 20.17 or newer, or give --node"

main=$here/../cli/main.js
[ -f "$main" ] || fail 1 "$main is missing: reinstall the package (in a checkout: npm run build)"
fluorite=("$node" "$main" --progress plain ${options[@]+"${options[@]}"})

# Runs a step, or prints it.
step() {
  if $dry_run; then
    printf '%q ' "$@"
    printf '\n'
    return 0
  fi
  printf '%s > %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$*"
  local code=0
  "$@" || code=$?
  if [ "$code" -ne 0 ]; then
    printf '%s ! exit code %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$code"
    return "$code"
  fi
}

# Called by `step`, where `set -e` is off.
commit_export() {
  git -C "$output_dir" rev-parse --is-inside-work-tree >/dev/null || return
  git -C "$output_dir" add -- chunks.jsonl || return
  if git -C "$output_dir" diff --cached --quiet -- chunks.jsonl; then
    printf 'nothing to commit\n'
  else
    git -C "$output_dir" commit --quiet -m "fluorite: learned chunks" -- chunks.jsonl
  fi
}

work() {
  if [ ${#folders[@]} -gt 0 ] || [ $((${#files[@]} + ${#sources[@]})) -eq 0 ]; then
    step "${fluorite[@]}" learn ${folders[@]+"${folders[@]}"}
  fi
  if [ $((${#files[@]} + ${#sources[@]})) -gt 0 ]; then
    step "${fluorite[@]}" learn --files ${sources[@]+"${sources[@]}"} -- ${files[@]+"${files[@]}"}
  fi
  step "${fluorite[@]}" train
  if [ -n "$output_dir" ]; then
    step mkdir -p "$output_dir"
    step "${fluorite[@]}" export "$output_dir/chunks.jsonl"
  fi
  if $commit; then step commit_export; fi
}

if $dry_run; then
  work
  exit 0
fi

mkdir -p "$log_dir"
chmod 700 "$log_dir"
log=$log_dir/learning-$(date '+%Y%m%d-%H%M%S')-$$.log
code=0
if $verbose; then
  set +e
  (set -e; work) 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  set -e
else
  set +e
  (set -e; work) >"$log" 2>&1
  code=$?
  set -e
fi

# Old logs go, oldest first; names sort by time.
logs=("$log_dir"/learning-*.log)
for ((i = 0; i < ${#logs[@]} - keep; i++)); do rm -f -- "${logs[i]}"; done

if [ "$code" -ne 0 ]; then
  tail -n 3 "$log" >&2
  fail "$code" "ended with exit code $code; the log: $log"
fi
