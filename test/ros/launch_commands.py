"""What launch/replay.launch.py would run: launch_commands.py ARGUMENT:=VALUE... prints JSON.

launch is not on PyPI, so stand-ins take the place of its modules: each records what it was made with.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]


class LaunchConfiguration:
    def __init__(self, name):
        self.name = name

    def perform(self, context):
        return context[self.name]


def recorder(kind):
    def record(*positional, **keywords):
        return SimpleNamespace(kind=kind, positional=positional, **keywords)

    return record


STAND_INS = {
    "launch": {"LaunchDescription": lambda entities: entities},
    "launch.actions": {
        name: recorder(name)
        for name in (
            "DeclareLaunchArgument",
            "EmitEvent",
            "ExecuteProcess",
            "OpaqueFunction",
            "RegisterEventHandler",
        )
    },
    "launch.event_handlers": {"OnProcessExit": recorder("OnProcessExit")},
    "launch.events": {"Shutdown": recorder("Shutdown")},
    "launch.substitutions": {"LaunchConfiguration": LaunchConfiguration},
    "launch_ros": {},
    "launch_ros.substitutions": {
        "ExecutableInPackage": lambda executable, package: f"{package}/lib/{package}/{executable}"
    },
}
for module_name, members in STAND_INS.items():
    module = ModuleType(module_name)
    vars(module).update(members)
    sys.modules[module_name] = module

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("replay_launch", ROOT / "launch/replay.launch.py")
launch_file = importlib.util.module_from_spec(spec)
spec.loader.exec_module(launch_file)

entities = launch_file.generate_launch_description()
arguments = {a.positional[0]: a for a in entities if a.kind == "DeclareLaunchArgument"}
context = {name: getattr(a, "default_value", None) for name, a in arguments.items()}
context.update(text.split(":=", maxsplit=1) for text in sys.argv[1:])
[function] = [entity.function for entity in entities if entity.kind == "OpaqueFunction"]
handler, replay = function(context)


def after(returncode):
    action = handler.positional[0].on_exit(SimpleNamespace(returncode=returncode), context)
    if action is None:
        return None
    return action.cmd if action.kind == "ExecuteProcess" else action.event.reason


json.dump(
    {
        "arguments": {
            name: {"required": not hasattr(a, "default_value"), "description": a.description}
            for name, a in arguments.items()
        },
        "replay": replay.cmd,
        "watched": handler.positional[0].target_action is replay,
        "after_success": after(0),
        "after_failure": after(2),
    },
    sys.stdout,
)
