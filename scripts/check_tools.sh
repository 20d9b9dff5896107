#!/usr/bin/env bash
# Says in one line what is missing of the tools named as arguments (node, python), and how to get it.
set -euo pipefail

die() {
  echo "bac_policy: $1" >&2
  exit 1
}

check_node() {
  local get='see https://nodejs.org/en/download'
  command -v node >/dev/null || die "Node.js 20.20 or newer is needed, and there is no node on the PATH: $get"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 20) ? 0 : 1)' ||
    die "Node.js 20.20 or newer is needed, $(command -v node) is $(node --version): $get"
  command -v npm >/dev/null || die "npm is needed, and there is none on the PATH: on Debian or Ubuntu, apt-get install npm"
}

check_python() {
  command -v python3 >/dev/null || die 'Python 3.11 or newer is needed: on Debian or Ubuntu, apt-get install python3 python3-venv'
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed, $(command -v python3) is $(python3 --version)"
  python3 -c 'import ensurepip, venv' 2>/dev/null ||
    die 'Python cannot make virtual environments: on Debian or Ubuntu, apt-get install python3-venv'
}

for tool in "$@"; do "check_$tool"; done
