# The script that a child process of qtot runs, in one text with spaces.py, adapters.py and host.py, which
# see what stands here. It needs the standard library and NumPy.
#
# Frames: src/bridge/frame.h says what they hold.

import importlib
import importlib.util
import inspect
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import traceback
import zlib

globals().pop("__file__", None)  # "<stdin>": a process that multiprocessing spawns would look for it


class BadInput(Exception):
    """What the user asked for cannot be had; becomes qtot's exit code 2."""


class ParentIsGone(Exception):
    """Nobody is left to answer."""


try:
    import numpy as np
except ImportError as error:
    np = None
    numpy_error = error

OPEN, RESET, STEP, CLOSE = 1, 2, 3, 4
SPEC, SLOT, FAULT = 16, 17, 18
TERMINATED, TRUNCATED, WON = 1, 2, 4
MAGIC = b"QTPY"
VERSION = 1
MAX_BYTES = 1 << 20
HEADER = struct.Struct("<4sHHQI")  # without the CRC
CRC = struct.Struct("<I")


class Frames:
    """Requests in, replies out, over the socket whose other end qtot holds."""

    def __init__(self, descriptor):
        os.set_inheritable(descriptor, False)  # an environment's own processes shall not hold it
        self.socket = socket.socket(fileno=descriptor)
        self.sequence = 0

    def exactly(self, n):
        data = bytearray(n)
        view = memoryview(data)
        while len(view) > 0:
            got = self.socket.recv_into(view)
            if got == 0:
                raise ParentIsGone
            view = view[got:]
        return data

    def request(self):
        """The next request: (kind, payload). ParentIsGone when there will be none."""
        head = self.exactly(HEADER.size + CRC.size)
        magic, version, kind, self.sequence, size = HEADER.unpack_from(head)
        (crc,) = CRC.unpack_from(head, HEADER.size)
        if magic != MAGIC or version != VERSION or size > MAX_BYTES:
            raise ParentIsGone
        payload = self.exactly(size)
        if zlib.crc32(payload, zlib.crc32(head[: HEADER.size])) != crc:
            raise ParentIsGone
        return kind, payload

    def reply(self, kind, payload):
        head = HEADER.pack(MAGIC, VERSION, kind, self.sequence, len(payload))
        crc = CRC.pack(zlib.crc32(payload, zlib.crc32(head)))
        self.socket.sendall(head + crc + payload)


class Slot:
    """The payload of a SLOT as one block of memory with arrays that lie in it."""

    def __init__(self, spec):
        n, a = spec["n_agents"], spec["n_actions"]
        o, s = spec["obs_dim"], spec["state_dim"]
        n_rewards = n if spec["has_agent_rewards"] else 1
        ends = np.cumsum([8, 8 * n_rewards, 4 * n * o, 4 * s, n * a]).tolist()
        self.memory = bytearray(ends[-1])
        self.rewards = np.frombuffer(self.memory, "<f8", n_rewards, ends[0])
        self.obs = np.frombuffer(self.memory, "<f4", n * o, ends[1]).reshape(n, o)
        self.state = np.frombuffer(self.memory, "<f4", s, ends[2])
        self.avail = np.frombuffer(self.memory, "u1", n * a, ends[3]).reshape(n, a)

    def set_flags(self, flags):
        struct.pack_into("<I", self.memory, 0, flags)
