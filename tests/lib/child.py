# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that do not outlive the test that started them."""
import ctypes, os, signal, subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def start(arguments, preexec_fn=None, **more):
    """subprocess.Popen(), to be called by the main thread. The process is killed when this one ends, in whatever way: what is left behind
    holds ports, and inotify instances, of which a user has 128, so that tests fail that have nothing to do with it."""
    parent = os.getpid()

    def first():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        if preexec_fn:
            preexec_fn()

    return subprocess.Popen(arguments, preexec_fn=first, **more)
