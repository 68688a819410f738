"""A helper process that says what it was given and never ends of itself."""

import ctypes
import os
import sys
import threading

from backend.runtime.worker import answer, take_job


def deadlock() -> None:
    """Wait for ever in C with the interpreter lock, which no signal interrupts."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(128)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


if __name__ == "__main__":
    asked = take_job()
    answer({"pid": os.getpid(), "environment": dict(os.environ)})
    sys.stdout.flush()
    if asked["holds_lock"]:
        deadlock()
    threading.Event().wait()
