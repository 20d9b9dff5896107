"""Messages as robots send them, encoded by ROS 2's own library.

Prints [{type, cdr (base64), ros2msg, ros2idl, values}] as JSON; the last are what was encoded.
"""

import base64
import json
import sys

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion
from rclpy.serialization import serialize_message
from ros_messages import definition, plain
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_msgs.msg import Float64MultiArray, Header, MultiArrayDimension, MultiArrayLayout


def header(frame_id):
    return Header(stamp=Time(sec=1_700_000_000, nanosec=123_456_789), frame_id=frame_id)


# Rows of 5 pixels with two bytes of padding: the step is odd and not what the width says.
WIDTH, HEIGHT, STEP = 5, 3, 17
# Strings of every length modulo 8, so that the numbers after them need every alignment.
FRAMES = ["", "a", "ab", "base", "world", "camera", "the arm", "wrist µm"]

MESSAGES = [
    Image(
        header=header("camera"),
        height=HEIGHT,
        width=WIDTH,
        encoding="rgb8",
        is_bigendian=0,
        step=STEP,
        data=bytes(i * 7 % 256 for i in range(HEIGHT * STEP)),
    ),
    CompressedImage(
        header=header("camera"), format="rgb8; jpeg compressed bgr8", data=b"\xff\xd8\x00\xff\xd9"
    ),
    CompressedImage(header=header(""), format="png", data=b""),
    *(
        JointState(
            header=header(frame),
            name=[f"{frame}joint{i}" for i in range(len(frame))],
            position=[0.1 * i - 1e-300 for i in range(len(frame))],
            velocity=[-1 / 3] * (len(frame) // 2),
            effort=[],
        )
        for frame in FRAMES
    ),
    PoseStamped(
        header=header("world"),
        pose=Pose(
            position=Point(x=0.1, y=-2.5e-17, z=1e6),
            orientation=Quaternion(x=0.5, y=-0.5, z=0.5, w=0.5),
        ),
    ),
    Float64MultiArray(
        layout=MultiArrayLayout(
            dim=[
                MultiArrayDimension(label="rows", size=2, stride=6),
                MultiArrayDimension(label="columns", size=3, stride=3),
            ],
            data_offset=1,
        ),
        data=[-1.0, 0.0, 2**-1074, 1.7976931348623157e308, 1 / 3, -0.1, 7.0],
    ),
    Float64MultiArray(),
]


def type_of(message):
    module = type(message).__module__.split(".")
    return f"{module[0]}/msg/{type(message).__name__}"


json.dump(
    [
        {
            "type": type_of(message),
            "cdr": base64.b64encode(serialize_message(message)).decode(),
            "ros2msg": definition(type_of(message), "msg"),
            "ros2idl": definition(type_of(message), "idl"),
            "values": plain(message),
        }
        for message in MESSAGES
    ],
    sys.stdout,
)
