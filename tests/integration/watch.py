# SPDX-License-Identifier: Apache-2.0
"""Files that others write, waited for by what the kernel tells of their folder (inotify), not by looking again and again."""
import ctypes
import os
import select
import time

from world import WAIT_S, Failed

IN_MODIFY, IN_CREATE, IN_MOVED_TO = 0x2, 0x100, 0x80


def grown(path, size, seconds=WAIT_S):
    """Returns when the file has `size` bytes. It need not exist yet, its folder has to."""
    libc = ctypes.CDLL(None, use_errno=True)
    told = libc.inotify_init1(os.O_CLOEXEC)
    if told < 0 or libc.inotify_add_watch(told, os.fsencode(os.path.dirname(path)), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    until = time.monotonic() + seconds
    try:
        while not os.path.exists(path) or os.path.getsize(path) < size:
            if not select.select([told], [], [], max(0, until - time.monotonic()))[0]:
                raise Failed(f"{path} has not {size} bytes after {seconds} s")
            os.read(told, 65536)
    finally:
        os.close(told)
