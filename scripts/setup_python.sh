#!/usr/bin/env bash
# usage: setup_python.sh DIRECTORY REQUIREMENTS
# Makes a virtual environment with exactly what a requirements file names; quick when it is there already.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
environment="$1"
requirements="$2"
installed="$environment/installed_requirements.txt"

if cmp -s "$requirements" "$installed"; then exit; fi
"$here/check_tools.sh" python
echo "making the Python environment $environment"
# Of another environment; pip would take them for its own.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -r "$requirements"
cp "$requirements" "$installed"
