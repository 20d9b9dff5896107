# To be sourced by bash: `. scripts/ros/env.bash`. Puts ROS 2 and, once it is built, our own package into the
# environment. A ROS 2 that is already there is used; else the local one of scripts/setup_ros.sh.
# Returns 1, with a line that says why, where there is neither.

_bac_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
_bac_options="$(set +o)" # The setup files of ROS read variables that are not set.
set +eu
_bac_status=0
if [ -z "${ROS_DISTRO:-}" ] || [ -z "${AMENT_PREFIX_PATH:-}" ]; then
  if [ -f "$_bac_root/.ros/jazzy/setup.bash" ]; then
    . "$_bac_root/.ros/jazzy/setup.bash"
  else
    echo "no ROS 2 is sourced and there is no local one: run scripts/setup_ros.sh" >&2
    _bac_status=1
  fi
fi
if [ "$_bac_status" = 0 ] && [ -f "$_bac_root/.ros/install/local_setup.bash" ]; then
  . "$_bac_root/.ros/install/local_setup.bash"
fi
eval "$_bac_options"
unset _bac_root _bac_options
# shellcheck disable=SC2317 # Executed where this file is run instead of sourced.
return "$_bac_status" 2>/dev/null || exit "$_bac_status"
