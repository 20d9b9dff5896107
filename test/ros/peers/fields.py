"""Plain values into ROS 2 messages, and service types by name."""

import importlib

from ros_messages import message_class


def service_class(type_name):
    """The class of `package/srv/Name`."""
    package, _, name = type_name.split("/")
    return getattr(importlib.import_module(f"{package}.srv"), name)


def set_fields(message, values):
    """Sets the fields that are named, also of messages in it and of lists of messages."""
    types = message.get_fields_and_field_types()
    for name, value in values.items():
        type_name = types[name]
        if isinstance(value, dict):
            set_fields(getattr(message, name), value)
        elif isinstance(value, list) and "/" in type_name:
            element = type_name.removeprefix("sequence<").split(",")[0].rstrip(">").split("[")[0]
            made = [set_fields(message_class(element.replace("/", "/msg/"))(), v) for v in value]
            setattr(message, name, made)
        else:
            setattr(message, name, converted(value, type_name))
    return message


def converted(value, type_name):
    """JSON does not tell 1.0 from 1 and has no NaN."""
    if type_name in ("double", "float"):
        return float(value)
    if type_name in ("sequence<double>", "sequence<float>"):
        return [float(item) for item in value]
    return value
