# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that is passed a Unix socket for Varlink, as systemd passes it."""
import os, shutil, socket, tempfile
import rig


class VarlinkRig(rig.Rig):
    """`path`: where the socket is; in a folder of its own if it is left out."""

    def __init__(self, sections='', path=None, **process):
        self.home = tempfile.mkdtemp(prefix='dohmouse-varlink-')
        os.chmod(self.home, 0o755)
        self.path = path or f'{self.home}/io.systemd.Resolve'
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
            os.chmod(self.path, 0o666)
            listener.listen(1024)

            def enter():
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)
                os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='dohmouse-varlink.socket')
            # Without close_fds, as the number 3 is made in between.
            super().__init__(1, sections, preexec_fn=enter, close_fds=False, **process)

    def __exit__(self, *words):
        super().__exit__(*words)
        shutil.rmtree(self.home)
