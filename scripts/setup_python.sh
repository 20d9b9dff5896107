#!/usr/bin/env bash
# usage: setup_python.sh DIRECTORY REQUIREMENTS [REQUIREMENTS_ALONE]
# Makes a virtual environment with exactly what a requirements file names; quick when it is there already. What the
# third argument names is installed without what it depends on.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
environment="$1"
requirements="$2"
alone="${3:-/dev/null}"
installed="$environment/installed_requirements.txt"

if cat "$requirements" "$alone" | cmp -s - "$installed"; then exit; fi
"$here/check_tools.sh" python
echo "making the Python environment $environment"
# Of another environment; pip would take them for its own.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -r "$requirements"
if [ -n "${3:-}" ]; then
  "$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --no-deps -r "$alone"
fi
cat "$requirements" "$alone" >"$installed"
