"""Decodes messages by ROS 2's own library: [{type, cdr (base64)}] in, their values out, JSON both."""

import base64
import json
import sys

from rclpy.serialization import deserialize_message
from ros_messages import message_class, plain

messages = json.load(sys.stdin)
json.dump(
    [
        plain(deserialize_message(base64.b64decode(m["cdr"]), message_class(m["type"])))
        for m in messages
    ],
    sys.stdout,
)
