"""Starts the node that lets a policy drive a robot, or act on a bag that is played.

ros2 launch bac_policy policy.launch.py policy:=DIR
ros2 launch bac_policy policy.launch.py policy:=DIR bag:=BAG

An argument goes before the same parameter in params_file; one that is empty leaves it as it is there.
"""

import os

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.parameter_descriptions import ParameterValue


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument("policy", description="Directory of a policy package."),
            DeclareLaunchArgument(
                "plan", default_value="", description="Caching plan (plan.json) for that policy."
            ),
            DeclareLaunchArgument(
                "preset",
                default_value="",
                choices=["", "dense", "quality", "balanced", "fast"],
                description="How much to cache where no plan is given.",
            ),
            DeclareLaunchArgument(
                "params_file", default_value="", description="YAML file of parameters, keyed by /**."
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace of the node and its topics."
            ),
            DeclareLaunchArgument(
                "node_name", default_value="policy", description="Name of the node."
            ),
            DeclareLaunchArgument(
                "remap",
                default_value="",
                description="Topics that have another name here: FROM:=TO, separated by spaces.",
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="",
                choices=["", "true", "false"],
                description="Whether time comes from /clock.",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="",
                choices=["", "debug", "info", "warn", "error", "fatal"],
                description="What the node logs.",
            ),
            DeclareLaunchArgument(
                "autostart",
                default_value="true",
                choices=["", "true", "false"],
                description="Whether the node configures and activates itself.",
            ),
            DeclareLaunchArgument(
                "bag",
                default_value="",
                description="Bag to play, with its clock, once the node is active; then all ends.",
            ),
            OpaqueFunction(function=start),
        ]
    )


def start(context):
    """The actions, now that the arguments have values."""

    def value(name):
        return LaunchConfiguration(name).perform(context)

    # A shell leaves the ~ in `policy:=~/DIR`.
    def path(name):
        return os.path.expanduser(value(name))

    bag = path("bag")
    texts = {"policy": path("policy"), "plan": path("plan"), "preset": value("preset")}
    # Else launch would take a path like `2026` for a number.
    given = {name: ParameterValue(text, value_type=str) for name, text in texts.items() if text}
    for name in ("use_sim_time", "autostart"):
        if value(name):
            given[name] = value(name) == "true"
    if bag:
        # A recorded robot does not react: chunk after chunk, as in `bac-policy replay`.
        given |= {"use_sim_time": True, "asynchronous": False}

    logger = ".".join([*value("namespace").strip("/").split("/"), value("node_name")]).lstrip(".")
    log_level = value("log_level")
    node = LifecycleNode(
        package="bac_policy",
        executable="policy_node",
        name=value("node_name"),
        namespace=value("namespace"),
        parameters=[one for one in (path("params_file"), given) if one],
        remappings=[tuple(rule.split(":=", maxsplit=1)) for rule in value("remap").split()],
        ros_arguments=["--log-level", f"{logger}:={log_level}"] if log_level else [],
        output="screen",
    )
    handlers = [OnProcessExit(target_action=node, on_exit=end_all("the policy node has ended"))]
    if bag:
        # Played before, its first observations would be lost: a policy takes seconds to compile.
        play = ExecuteProcess(cmd=["ros2", "bag", "play", "--clock", "100", bag], output="screen")
        handlers.append(
            OnStateTransition(
                target_lifecycle_node=node, goal_state="active", entities=[play], handle_once=True
            )
        )
        handlers.append(OnProcessExit(target_action=play, on_exit=end_all("the bag is at its end")))
    return [*map(RegisterEventHandler, handlers), node]


def end_all(reason):
    """What to do when a process ends that all others are there for."""

    # Launch fails when it is told to end a second time.
    def on_exit(_event, context):
        return None if context.is_shutdown else EmitEvent(event=Shutdown(reason=reason))

    return on_exit
