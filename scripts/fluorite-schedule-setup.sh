#!/usr/bin/env bash
# Learn every day at 02:00: crontab, LaunchAgent on macOS, or --kind manual. All of it is `fluorite schedule`; this finds
# Node and says so when it is missing. Options: --at, --kind, --dry-run, --uninstall, ... (--help).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
node=${FLUORITE_NODE:-node}
command -v "$node" >/dev/null 2>&1 || {
  printf 'fluorite-schedule-setup: %s was not found: install Node 20.17 or newer, or set FLUORITE_NODE\n' "$node" >&2
  exit 1
}
cli=$here/../cli/main.js
[ -f "$cli" ] || {
  printf 'fluorite-schedule-setup: %s is missing: reinstall the package (in a checkout: npm run build)\n' "$cli" >&2
  exit 1
}
exec "$node" "$cli" schedule "$@"
