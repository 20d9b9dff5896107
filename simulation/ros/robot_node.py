"""The simulated robot on ROS 2: what it senses goes out as messages, trajectories come in.

Trajectories are kept as they come, by a thread of their own; who moves the robot (lockstep.py, real_time.py) takes
them from there.
"""

import array
import queue
import threading
import time
from dataclasses import dataclass

import numpy as np
import rclpy
from bac_policy.msg import ActionChunk
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from simulation.policy_package import CAMERAS, JOINTS
from simulation.ros.trajectory_controller import NS, Point

DISCOVERY_S = 15
CAMERA_OF_TOPIC = {topic: camera for camera, topic in CAMERAS.values()}


@dataclass(frozen=True)
class Received:
    """A trajectory that came: its stamp and when it came, ns (the latter by the system's clock)."""

    stamp: int
    at: int
    names: list
    points: list


class RobotNode:
    """Publishes a SimulatedRobot as its simulator stands, and hears the policy node `policy`.

    `sources` are the policy package's observation sources; pictures are drawn only for those that want them.
    `time_scale` is how fast the robot's time passes, compared with that of the stamps.
    """

    def __init__(self, robot, sources, policy='/policy', time_scale=1.0):
        self.robot, self.time_scale = robot, time_scale
        self.finger_dof = robot.model.joint('gripper0_right_finger_joint1').dofadr[0]
        self.trajectories = queue.SimpleQueue()
        self.inference_ms, self.diagnostics, self.plan = [], {}, None
        self.node = rclpy.create_node('simulated_robot')
        self._topics = set()  # those that the policy node has to listen to
        self._clock = self._publisher(Clock, '/clock', depth=1)
        self._joints = self._publisher(JointState, 'joint_states')
        self._poses = [(self._publisher(PoseStamped, topic), frame) for topic, frame in robot.task.poses]
        poses = [topic for topic, _ in robot.task.poses]
        self._cameras = []
        for source in sources:
            topic = source['topic'].removeprefix('/')
            if source['type'] == 'sensor_msgs/msg/Image' and topic in CAMERA_OF_TOPIC:
                self._cameras.append((self._publisher(Image, topic), CAMERA_OF_TOPIC[topic], tuple(source['size'])))
            elif topic not in ('joint_states', *poses):
                raise ValueError(f'the policy wants {topic} ({source["type"]}); the simulated robot has '
                                 + ', '.join(('joint_states', *poses, *CAMERA_OF_TOPIC)))
            self._topics.add(topic)
        if self._cameras:
            from simulation.cameras import Cameras  # opens a display library
            self._drawn = Cameras(robot.name)
        for kind, topic, take in ((JointTrajectory, f'{policy}/joint_trajectory', self._take_trajectory),
                                  (ActionChunk, f'{policy}/action_chunk', self._take_chunk),
                                  (DiagnosticArray, '/diagnostics', self._take_diagnostics),
                                  # The last one: when it is heard, the policy node knows of the others as well.
                                  (String, f'{policy}/active_plan', self._take_plan)):
            self.node.create_subscription(kind, topic, take, _reliable(100, latched=kind is String))
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._spinning = threading.Thread(target=self._spin, daemon=True)
        self._spinning.start()

    def _publisher(self, kind, topic, depth=100):
        return self.node.create_publisher(kind, topic, _reliable(depth))

    def _spin(self):
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def close(self):
        self._executor.shutdown()
        self._spinning.join()
        self.node.destroy_node()

    def wait_until_heard(self, node, with_clock):
        """Waits until the configured policy node (a NodeProcess) and this robot hear each other."""
        sensors = self._joints, *(p for p, _ in self._poses), *(p for p, _, _ in self._cameras)
        publishers = [self._clock] * with_clock + [p for p in sensors if p.topic_name[1:] in self._topics]
        end = time.monotonic() + DISCOVERY_S
        while missing := [p.topic_name for p in publishers if p.get_subscription_count() == 0] or (
                [] if self.plan else ['~/active_plan']):
            node.check()
            if time.monotonic() > end:
                raise RuntimeError(f'the policy node is not connected after {DISCOVERY_S} s: {", ".join(missing)}')
            time.sleep(0.01)

    def publish_clock(self, now):
        """@param now: ns."""
        self._clock.publish(Clock(clock=stamp_of(now)))

    def publish(self, now):
        """What the robot senses as it stands, stamped `now` (ns)."""
        stamp, robot, data = stamp_of(now), self.robot, self.robot.data
        seen = robot.observation().astype(float)
        state = JointState(name=JOINTS, position=seen[:len(JOINTS)].tolist())
        state.velocity = (np.append(data.qvel[robot.arm_dofs], data.qvel[self.finger_dof]) * self.time_scale).tolist()
        state.header.stamp = stamp
        self._joints.publish(state)
        for (publisher, frame), (x, y, z, *turn) in zip(self._poses, seen[len(JOINTS):].reshape(-1, 7).tolist()):
            pose = PoseStamped()
            pose.header.stamp, pose.header.frame_id = stamp, frame
            place, facing = pose.pose.position, pose.pose.orientation
            place.x, place.y, place.z = x, y, z
            facing.x, facing.y, facing.z, facing.w = turn
            publisher.publish(pose)
        for publisher, camera, size in self._cameras:
            picture = self._drawn.render(data.qpos, camera, size)
            message = Image(height=size[0], width=size[1], encoding='rgb8', step=3 * size[1],
                            data=array.array('B', picture.tobytes()))
            message.header.stamp, message.header.frame_id = stamp, camera
            publisher.publish(message)

    def _take_trajectory(self, message):
        points = [Point(ns_of(p.time_from_start), *(np.array(v) for v in (p.positions, p.velocities, p.accelerations,
                                                                            p.effort))) for p in message.points]
        self.trajectories.put(Received(ns_of(message.header.stamp), time.time_ns(), message.joint_names, points))

    def _take_chunk(self, message):
        if message.status == ActionChunk.STATUS_OK:
            self.inference_ms.append(ns_of(message.inference_latency) / 1e6)

    def _take_diagnostics(self, message):
        self.diagnostics = {status.name.split(': ')[-1]: {v.key: v.value for v in status.values}
                            for status in message.status}

    def _take_plan(self, message):
        self.plan = message.data


def stamp_of(ns):
    return Time(sec=ns // NS, nanosec=ns % NS)


def ns_of(time):
    """Of a Time or a Duration."""
    return time.sec * NS + time.nanosec


def _reliable(depth, latched=False):
    durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE,
                      durability=durability)
