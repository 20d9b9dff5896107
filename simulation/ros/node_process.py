"""The real policy node as a process, and its lifecycle and parameters as a peer uses them."""

import ctypes
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters

EXECUTABLE = pathlib.Path(__file__).parents[2] / '.ros/install/bac_policy/lib/bac_policy/policy_node'
NAME = '/policy'
START_S, ANSWER_S, LOADING_S, END_S = 20, 10, 600, 12
SAID = 2000  # characters of its log that an error shows
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class NodeProcess:
    """Starts the node; `peer` is the rclpy node that talks to it, spun by somebody else.

    BAC_POLICY_NODE in the environment names another executable than the installed one.
    """

    def __init__(self, peer, parameters):
        self._peer, self._clients = peer, {}
        self.folder = tempfile.TemporaryDirectory()
        file, self._log = (pathlib.Path(self.folder.name, name) for name in ('parameters.yaml', 'log'))
        file.write_text(json.dumps({'/**': {'ros__parameters': parameters}}))  # JSON is YAML
        executable = os.environ.get('BAC_POLICY_NODE', str(EXECUTABLE))
        if not pathlib.Path(executable).exists():
            raise RuntimeError(f'{executable} is missing: make ros')
        command = [*(['node'] if executable.endswith('.js') else []), executable,
                   '--ros-args', '-r', f'__node:={NAME[1:]}', '--params-file', str(file)]
        with self._log.open('w') as log:
            # A session of its own: Ctrl-C comes to us alone, and we end the node.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                             start_new_session=True, preexec_fn=_die_with_parent)

    def configure(self):
        """Loads, compiles and warms up."""
        self._change(Transition.TRANSITION_CONFIGURE, 'configure', LOADING_S)

    def activate(self):
        """Chunks count from 0 again."""
        self._change(Transition.TRANSITION_ACTIVATE, 'activate')

    def deactivate(self):
        """A robot that moves is brought to rest."""
        self._change(Transition.TRANSITION_DEACTIVATE, 'deactivate')

    def _change(self, transition, name, patience=ANSWER_S):
        request = ChangeState.Request()
        request.transition.id = transition
        if not self._call(ChangeState, 'change_state', request, patience).success:
            raise RuntimeError(f'the policy node does not {name}; {self.said}')

    def set_integer(self, name, value):
        """Sets a parameter."""
        given = ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
        request = SetParameters.Request(parameters=[Parameter(name=name, value=given)])
        result, = self._call(SetParameters, 'set_parameters', request).results
        if not result.successful:
            raise RuntimeError(f'the policy node refuses {name} = {value}: {result.reason}')

    def _call(self, kind, name, request, patience=ANSWER_S):
        if name not in self._clients:
            self._clients[name] = self._peer.create_client(kind, f'{NAME}/{name}')
        client, done = self._clients[name], threading.Event()
        self._until(client.service_is_ready, f'service {name}', START_S)
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        self._until(lambda: done.wait(0.02), f'answer of {name}', patience)
        return future.result()

    def _until(self, holds, what, patience):
        end = time.monotonic() + patience
        while not holds():
            self.check()
            if time.monotonic() > end:
                raise RuntimeError(f'the policy node: no {what} within {patience} s; {self.said}')
            time.sleep(0.005)

    def check(self):
        """@raise RuntimeError: with its log, when it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f'the policy node is gone (exit code {self._process.returncode}); {self.said}')

    @property
    def said(self):
        """What is left of its log, for error messages."""
        text = self._log.read_text().strip()
        return f'it said:\n{text[-SAID:]}' if text else 'it said nothing'

    def close(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.folder.cleanup()


def _die_with_parent():
    """A node without its robot must not stay, even where this process is killed."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
