"""Windows only: a job object around this process, and a wait for another one."""

import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateJobObjectW.restype = wintypes.HANDLE
    _kernel.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel.OpenProcess.restype = wintypes.HANDLE
    _SYNCHRONIZE = 0x0010_0000
    _INFINITE = 0xFFFF_FFFF
    _EXTENDED_LIMITS = 9
    _LIMIT_PROCESS_MEMORY = 0x100
    _LIMIT_KILL_ON_JOB_CLOSE = 0x2000

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("per_process_time", wintypes.LARGE_INTEGER),
            ("per_job_time", wintypes.LARGE_INTEGER),
            ("flags", wintypes.DWORD),
            ("minimum_working_set", ctypes.c_size_t),
            ("maximum_working_set", ctypes.c_size_t),
            ("active_processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority_class", wintypes.DWORD),
            ("scheduling_class", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("basic", _BasicLimits),
            ("io", ctypes.c_ulonglong * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process_memory", ctypes.c_size_t),
            ("peak_job_memory", ctypes.c_size_t),
        )

    def confine(memory_bytes: int) -> None:
        """Put this process in a job that bounds memory and ends its children with it.

        The handle stays open until this process ends; that closes the job.
        """
        limits = _ExtendedLimits()
        limits.basic.flags = _LIMIT_PROCESS_MEMORY | _LIMIT_KILL_ON_JOB_CLOSE
        limits.process_memory = memory_bytes
        job = wintypes.HANDLE(_kernel.CreateJobObjectW(None, None))
        _kernel.SetInformationJobObject(
            job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        )
        _kernel.AssignProcessToJobObject(
            job, wintypes.HANDLE(_kernel.GetCurrentProcess())
        )

    def wait_for_process(pid: int) -> None:
        """Return when a process has ended, or cannot be waited for any more."""
        handle = wintypes.HANDLE(_kernel.OpenProcess(_SYNCHRONIZE, 0, pid))
        _kernel.WaitForSingleObject(handle, _INFINITE)
        _kernel.CloseHandle(handle)
