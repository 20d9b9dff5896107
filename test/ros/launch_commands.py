"""What a launch file would do: launch_commands.py FILE ARGUMENT:=VALUE... prints its arguments and actions as JSON.

launch is not on PyPI, so stand-ins take the place of its modules: each records what it was made with. What a
handler does when a process ends stands there as after_success, after_failure and while_ending.
"""

import importlib.util
import json
import sys
from types import ModuleType, SimpleNamespace


class Context(dict):
    """The values of the arguments."""

    is_shutdown = False


class LaunchConfiguration:
    def __init__(self, name):
        self.name = name

    def perform(self, context):
        return context[self.name]


def recorder(kind):
    def record(*positional, **keywords):
        return SimpleNamespace(kind=kind, positional=list(positional), **keywords)

    return record


RECORDED = {
    "launch.actions": (
        "DeclareLaunchArgument",
        "EmitEvent",
        "ExecuteProcess",
        "OpaqueFunction",
        "RegisterEventHandler",
    ),
    "launch.event_handlers": ("OnProcessExit",),
    "launch.events": ("Shutdown",),
    "launch_ros": (),
    "launch_ros.actions": ("LifecycleNode",),
    "launch_ros.event_handlers": ("OnStateTransition",),
    "launch_ros.parameter_descriptions": ("ParameterValue",),
}
STAND_INS = {
    module: {name: recorder(name) for name in names} for module, names in RECORDED.items()
} | {
    "launch": {"LaunchDescription": lambda entities: entities},
    "launch.substitutions": {"LaunchConfiguration": LaunchConfiguration},
    "launch_ros.substitutions": {
        "ExecutableInPackage": lambda executable, package: f"{package}/lib/{package}/{executable}"
    },
}
for module_name, members in STAND_INS.items():
    module = ModuleType(module_name)
    vars(module).update(members)
    sys.modules[module_name] = module

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("launch_file", sys.argv[1])
launch_file = importlib.util.module_from_spec(spec)
spec.loader.exec_module(launch_file)

entities = launch_file.generate_launch_description()
arguments = {a.positional[0]: a for a in entities if a.kind == "DeclareLaunchArgument"}
context = Context({name: getattr(a, "default_value", None) for name, a in arguments.items()})
context.update(text.split(":=", maxsplit=1) for text in sys.argv[2:])
[function] = [entity.function for entity in entities if entity.kind == "OpaqueFunction"]


def plain(value):
    """What JSON can hold."""
    if isinstance(value, SimpleNamespace):
        return {name: plain(member) for name, member in vars(value).items()}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, type):
        return value.__name__
    if callable(value):
        return {
            "after_success": plain(value(SimpleNamespace(returncode=0), context)),
            "after_failure": plain(value(SimpleNamespace(returncode=2), context)),
            "while_ending": plain(value(SimpleNamespace(returncode=0), ending)),
        }
    return value


ending = Context(context)
ending.is_shutdown = True
actions = function(context)
json.dump(
    {
        "arguments": {
            name: {"required": not hasattr(a, "default_value"), "description": a.description}
            for name, a in arguments.items()
        },
        "actions": plain(actions),
    },
    sys.stdout,
)
