# SPDX-License-Identifier: LGPL-2.1-or-later
"""dohmouse and dnsdist as peers that a bench puts before the same servers: both have `port`, wake_ups() and stop()."""
import os, re, shutil, subprocess, time
from rig import Daemon


class Dnsdist:
    """dnsdist before the servers, the first that is up being asked. `check` is more for newServer{}; `root` is a Debian in which it is installed,
    or empty."""
    PORT = 5399

    def __init__(self, directory, servers, check='', root=''):
        self.port = self.PORT
        within = f'/tmp/{os.path.basename(directory)}-dnsdist' if root else f'{directory}/dnsdist'
        self.directory = root + within
        os.makedirs(self.directory, exist_ok=True)
        lines = f'setLocal("127.0.0.1:{self.port}")\nsetServerPolicy(firstAvailable)\n'
        for i, server in enumerate(servers):
            shutil.copy(server.ca, f'{root}{within}/ca-{i}.pem')
            lines += (f'newServer({{address="127.0.0.1:{server.port}", tls="openssl", subjectName="doh.test", dohPath="/dns-query", '
                      f'order={i + 1}, caStore="{within}/ca-{i}.pem", validateCertificates=true{check}}})\n')
        with open(f'{root}{within}/dnsdist.conf', 'w') as f:
            f.write(lines)
        self.process = subprocess.Popen([*chroot(root), 'dnsdist', '--supervised', '-C', f'{within}/dnsdist.conf', '--disable-syslog'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(2)

    def wake_ups(self):
        n = 0
        for task in os.listdir(f'/proc/{self.process.pid}/task'):
            with open(f'/proc/{self.process.pid}/task/{task}/status') as f:
                n += int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', f.read(), re.M).group(1))
        return n

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def chroot(root):
    return ['chroot', root] if root else []


def peers(roots, sections=''):
    """[(name, make(directory, servers))]: dohmouse with that configuration besides, and dnsdist where there is one: this machine's, and that of each
    Debian root; lazy checks as well, where it has them."""
    found = [('dohmouse', lambda d, s: Daemon(d, s, '[Cache]\nEnable=no\n' + sections))]
    for root in ['', *roots]:
        if not (root or shutil.which('dnsdist')):
            continue
        version = subprocess.run([*chroot(root), 'dnsdist', '--version'], capture_output=True, text=True).stdout
        version = re.search(r'dnsdist (\d+)\.(\d+)\.(\S+)', version)
        name = 'dnsdist ' + '.'.join(version.groups())
        found.append((name, lambda d, s, root=root: Dnsdist(d, s, '', root)))
        if (int(version.group(1)), int(version.group(2))) >= (1, 8):
            found.append((name + ' lazy', lambda d, s, root=root: Dnsdist(d, s, ', healthCheckMode="lazy", checkInterval=1', root)))
    return found
