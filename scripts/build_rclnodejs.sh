#!/usr/bin/env bash
# Makes rclnodejs usable in node_modules: its native addon for the ROS 2 in the environment, and JavaScript classes
# for all message types there, ours among them. Does nothing where that is done. To be called by build_ros.sh.
# Never by `npm rebuild`, which would generate the messages twice, and says 0 also when that failed.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
rclnodejs="$root/node_modules/rclnodejs"
log="$root/.ros/rclnodejs.log"
addon="$rclnodejs/build/Release/rclnodejs.node"
# Stamps lie in what they speak of: npm ci, node-gyp and the generator remove them with it.
addon_stamp="$rclnodejs/build/Release/built_for.txt"
messages_stamp="$rclnodejs/generated/made_from.txt"

die() {
  echo "build_rclnodejs: $1" >&2
  exit 1
}

# The addon's C++ is ROS' and libuv's, so both count. Of the ROS 2, its place counts, not overlays.
base="${AMENT_PREFIX_PATH##*:}"
built_for() { echo "$ROS_DISTRO $base node-$(node -p process.versions.modules)-$(node -p process.arch)"; }

# Whether the addon is there and loads; rclnodejs itself must not be asked, it would rebuild what fails.
loads() { node -e 'process.dlopen({ exports: {} }, process.argv[1])' "$1" >>"$log" 2>&1; }

# rclnodejs comes with addons for Ubuntu and the ROS 2 of its release.
copy_prebuilt() {
  local codename arch prebuilt
  codename="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null)" || return
  arch="$(node -p process.arch)"
  prebuilt="$rclnodejs/prebuilds/linux-$arch/$ROS_DISTRO-$codename-$arch-node-rclnodejs.node"
  [ -f "$prebuilt" ] && loads "$prebuilt" || return
  mkdir -p "$(dirname "$addon")" && cp "$prebuilt" "$addon"
}

compile() {
  local node_prefix
  echo "building rclnodejs for ROS 2 $ROS_DISTRO (about a minute)"
  # Its build takes headers and libraries from beside `which ros2`, which not every ROS 2 has.
  tools="$(mktemp -d)"
  trap 'rm -rf "$tools"' EXIT
  mkdir "$tools/bin"
  ln -s "$base/lib" "$base/include" "$tools/"
  printf '#!/bin/sh\nexit 1\n' >"$tools/bin/ros2"
  chmod +x "$tools/bin/ros2"
  # Headers that came with this Node spare a download.
  node_prefix="$(node -p 'path.resolve(process.execPath, "../..")')"
  if [ -z "${npm_config_nodedir:-}" ] && [ -f "$node_prefix/include/node/node_api.h" ]; then
    export npm_config_nodedir="$node_prefix"
  fi
  (
    cd "$rclnodejs"
    PATH="$PATH:$tools/bin" "$root/node_modules/.bin/node-gyp" rebuild -j max
  ) >"$log" 2>&1 ||
    die "could not compile rclnodejs: $(grep -m 1 -E '[Ee]rror: ' "$log" || tail -n 1 "$log") (all of it: $log)"
}

build_addon() {
  local wanted
  wanted="$(built_for)"
  if [ "$(cat "$addon_stamp" 2>/dev/null)" = "$wanted" ] && [ -f "$addon" ]; then return; fi
  : >"$log"
  rm -f "$addon" "$addon_stamp"
  copy_prebuilt || compile
  loads "$addon" || die "rclnodejs does not load: $(grep -m 1 Error: "$log" || tail -n 1 "$log") (all of it: $log)"
  echo "$wanted" >"$addon_stamp"
  echo "built: rclnodejs in $rclnodejs"
}

generate_messages() {
  local wanted interface
  wanted="$ROS_DISTRO $base $(cd "$root" && sha256sum msg/*.msg srv/*.srv | sha256sum | cut -c 1-64)"
  if [ "$(cat "$messages_stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  # It prints its errors and exits with 0: what counts is what there is afterwards.
  "$root/node_modules/.bin/generate-ros-messages" >"$log" 2>&1 || true
  for interface in "$root"/msg/*.msg "$root"/srv/*.srv; do
    find_generated "$interface" ||
      die "rclnodejs did not generate ${interface##*/}: $(grep -m 1 -i error "$log" || tail -n 1 "$log") (all of it: $log)"
  done
  echo "$wanted" >"$messages_stamp"
  echo "generated: messages for rclnodejs"
}

find_generated() {
  local file="${1##*/}"
  [ -f "$rclnodejs/generated/bac_policy/bac_policy__${file##*.}__${file%.*}.js" ]
}

[ -n "${ROS_DISTRO:-}" ] && [ -n "${AMENT_PREFIX_PATH:-}" ] || die 'no ROS 2 is sourced'
[ -f "$rclnodejs/package.json" ] || die "rclnodejs is not installed: run npm ci in $root"
build_addon
generate_messages
echo "ready: rclnodejs for ROS 2 $ROS_DISTRO"
