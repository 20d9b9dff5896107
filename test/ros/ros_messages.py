"""ROS 2 messages as plain values, and their definitions as they stand in a bag."""

import array
import importlib
from pathlib import Path

import numpy as np
from ament_index_python.packages import get_package_share_directory

SEPARATOR = "=" * 80 + "\n"


def message_class(type_name):
    """The class of `package/msg/Name`."""
    package, _, name = type_name.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def plain(value):
    """What JSON can hold."""
    if hasattr(value, "get_fields_and_field_types"):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, (np.ndarray, array.array)):
        return value.tolist()
    if isinstance(value, (list, tuple, bytes)):
        return [plain(item) for item in value]
    return value


def definition(type_name, kind):
    """The schema rosbag2 would record: the .msg or .idl files of a type and of all it consists of."""
    types = [type_name]
    texts = []
    for name in types:  # grows while it is gone through
        path = Path(get_package_share_directory(name.split("/")[0]), *name.split("/")[1:])
        text = path.with_suffix(f".{kind}").read_text()
        texts.append(text)
        types += [found for found in dependencies(name, text, kind) if found not in types]
    if kind == "msg":
        headers = ["", *(f"{SEPARATOR}MSG: {name.replace('/msg/', '/')}\n" for name in types[1:])]
    else:
        headers = [f"{SEPARATOR}IDL: {name}\n" for name in types]
    return "".join(header + text + "\n" for header, text in zip(headers, texts))


def dependencies(type_name, text, kind):
    if kind == "idl":
        lines = (line for line in text.splitlines() if line.startswith("#include"))
        return [line.split('"')[1].removesuffix(".idl") for line in lines]
    fields = (line.split("#")[0].split() for line in text.splitlines())
    names = [field[0].split("[")[0] for field in fields if field]
    package = type_name.split("/")[0]
    found = []
    for name in names:
        if "/" in name:
            found.append("/msg/".join(name.split("/")))
        elif name[0].isupper():
            found.append(f"{package}/msg/{name}")
    return found
