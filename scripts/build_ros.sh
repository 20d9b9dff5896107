#!/usr/bin/env bash
# Builds the ROS 2 package bac_policy (messages, launch files, configuration) by colcon into .ros/install,
# unless that was done from the same files with the same ROS 2; then what Node needs to speak ROS.
# Needs scripts/setup_ros.sh and node_modules first.
set -euo pipefail

cd "$(dirname "$0")/.."
root="$PWD"
log=.ros/build.log

. scripts/ros/env.bash
mkdir -p .ros
exec 9>.ros/lock
flock 9

# Of the ROS 2, its place counts, not the overlays that a shell may have sourced before (such as our own).
base="${AMENT_PREFIX_PATH##*:}"
state="$({
  echo "$root $ROS_DISTRO $base"
  find package.xml CMakeLists.txt msg srv scripts/ros/*.in -type f -print0 | sort -z | xargs -0 sha256sum
  # These are installed as links.
  find launch config -type f ! -name '*.pyc' | sort
} | sha256sum | cut -c 1-64)"

if [ "$(cat .ros/install/.built_from 2>/dev/null)" = "$state" ]; then
  echo "ready: package bac_policy in $root/.ros/install"
else
  # From scratch: what CMake remembers of another ROS 2 or Python, and files that are gone, must not stay.
  rm -rf .ros/build .ros/install
  if ! colcon --log-base .ros/log build --paths . --build-base .ros/build --install-base .ros/install \
    --symlink-install --event-handlers console_direct+ --cmake-args -DCMAKE_BUILD_TYPE=Release >"$log" 2>&1; then
    echo "build_ros: colcon could not build bac_policy:" \
      "$( (grep -i -m 1 -A 4 error "$log" || tail -n 1 "$log") | tr -s ' \n' ' ')(all of it: $root/$log)" >&2
    exit 1
  fi
  echo "$state" >.ros/install/.built_from
  echo "built: package bac_policy in $root/.ros/install"
  . scripts/ros/env.bash
fi
scripts/build_rclnodejs.sh
