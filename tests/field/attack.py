"""Goes into containers: makes another process exit with 0 by tracing it, as code under test can with its own user's.

python3 attack.py PID: prints what came of it. For x86-64 Linux.
"""

import ctypes
import os
import sys

ATTACH, DETACH, PEEKUSER, POKEUSER = 16, 17, 3, 6
RAX, RDI, ORIG_RAX, RIP = 80, 112, 120, 128  # in struct user
EXIT_GROUP = 231

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

pid = int(sys.argv[1])
if libc.ptrace(ATTACH, pid, None, None):
    print("refused:", os.strerror(ctypes.get_errno()))
    sys.exit(1)
os.waitpid(pid, 0x40000000)  # __WALL
place = libc.ptrace(PEEKUSER, pid, RIP, None)  # it waits for its child, so this is behind a system call
for register, value in ((RIP, place - 2), (RAX, EXIT_GROUP), (ORIG_RAX, -1), (RDI, 0)):
    libc.ptrace(POKEUSER, pid, register, value & 0xFFFFFFFFFFFFFFFF)
print("done", flush=True)  # nothing of this process is left a moment after the other's end
libc.ptrace(DETACH, pid, None, None)
