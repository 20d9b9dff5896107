"""The definitions of message types as ROS 2 has them installed: [type] in, {type: ros2msg text} out."""

import json
import sys

from ros_messages import definition

json.dump({name: definition(name, "msg") for name in json.load(sys.stdin)}, sys.stdout)
