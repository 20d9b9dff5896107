# To be sourced by bash: `. scripts/ros/env.bash`. Puts ROS 2 and, once it is built, our own package into the
# environment. A ROS 2 that is already there is used; else the local one of scripts/setup_ros.sh.
# Returns 1, with a line that says why, where there is neither.

_bac_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
if [ -z "${ROS_DISTRO:-}" ] || [ -z "${AMENT_PREFIX_PATH:-}" ]; then
  if [ ! -f "$_bac_root/.ros/jazzy/setup.bash" ]; then
    echo "no ROS 2 is sourced and there is no local one: run scripts/setup_ros.sh" >&2
    unset _bac_root
    return 1
  fi
  . "$_bac_root/.ros/jazzy/setup.bash"
fi
if [ -f "$_bac_root/.ros/install/local_setup.bash" ]; then
  _bac_options="$-"
  set +eu # colcon's files read variables that are not set.
  # They also call their Python without quotes, which fails where this path has spaces: take it where it lies.
  export COLCON_PYTHON_EXECUTABLE="${COLCON_PYTHON_EXECUTABLE:-$(readlink -f "$(command -v python3)")}"
  . "$_bac_root/.ros/install/local_setup.bash"
  case "$_bac_options" in *e*) set -e ;; esac
  case "$_bac_options" in *u*) set -u ;; esac
  unset _bac_options
fi
unset _bac_root
