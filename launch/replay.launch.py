"""Lets a policy act on a recorded bag, then plays what it commanded for RViz or PlotJuggler.

ros2 launch bac_policy replay.launch.py policy:=DIR bag:=BAG output:=BAG
and, where needed, plan:=PLAN remap:=FROM:=TO play:=false
"""

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
from launch_ros.substitutions import ExecutableInPackage


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument("policy", description="Directory of a policy package."),
            DeclareLaunchArgument("bag", description="Bag with the observations of a robot."),
            DeclareLaunchArgument(
                "output", description="Bag to write: a directory, or a file ending in .mcap."
            ),
            DeclareLaunchArgument(
                "plan",
                default_value="",
                description="Caching plan; without, every block is computed at every step.",
            ),
            DeclareLaunchArgument(
                "remap",
                default_value="",
                description="Topics that have another name in the bag: FROM:=TO, separated by spaces.",
            ),
            DeclareLaunchArgument(
                "play",
                default_value="true",
                choices=["true", "false"],
                description="Whether to play the written bag, with its clock, when it is done.",
            ),
            OpaqueFunction(function=replay_then_play),
        ]
    )


def replay_then_play(context):
    """The actions, now that the arguments have values."""

    def value(name):
        return LaunchConfiguration(name).perform(context)

    command = [ExecutableInPackage(executable="bac-policy", package="bac_policy"), "replay"]
    command += [value("policy"), "--bag", value("bag"), "--output", value("output")]
    if value("plan"):
        command += ["--plan", value("plan")]
    for remapping in value("remap").split():
        command += ["--remap", remapping]
    replay = ExecuteProcess(cmd=command, name="replay", output="screen")

    def on_replay_exit(event, _context):
        if event.returncode != 0:
            return EmitEvent(event=Shutdown(reason="the replay failed, see above"))
        if value("play") == "false":
            return None
        play = ["ros2", "bag", "play", "--clock", "100", value("output")]
        return ExecuteProcess(cmd=play, name="play", output="screen")

    on_exit = OnProcessExit(target_action=replay, on_exit=on_replay_exit)
    return [RegisterEventHandler(on_exit), replay]
