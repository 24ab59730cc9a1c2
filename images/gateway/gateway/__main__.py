"""python3 -m gateway [FOLDER [HOST PORT PORT]]: serve one attempt until SIGTERM.

FOLDER (/phaseplan) holds policy.json, key and the proxy's login, and gets record/usage.json and record/calls.jsonl. The
first port (8080) is the agent's model, the second (8081) its proxy. Exit codes: 0 stopped, 2 the policy is not usable,
3 a port is taken.
"""

import asyncio
import os
import signal
import sys

from gateway.account import Account
from gateway.addresses import Egress
from gateway.asking import Asking
from gateway.bodies import Bodies, room
from gateway.egress import Forward
from gateway.policy import Unusable, read
from gateway.provider import Provider
from gateway.record import Record
from gateway.reverse import Reverse
from gateway.server import Server
from gateway.talk import say
from gateway.upstream import Upstream


async def serve(folder, host, ports):
    """Serve until SIGTERM.

    :raises Unusable: the worker's files are not usable.
    :raises OSError: a port is taken.
    """
    policy, key, login = read(folder)
    account = Account(policy, folder)
    await account.save()
    upstream = Upstream(policy, login)
    provider = Provider(policy, key, upstream) if policy.kind else None
    asking = Asking(policy, provider, account)
    reverse = Reverse(policy, asking, account, Record(folder, policy.record_limit), Bodies(room()), key)
    servers = (Server(reverse.serve), Server(Forward(Egress(policy.egress), account, upstream).serve))
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    taken = [await server.listen(host, port) for server, port in zip(servers, ports, strict=True)]
    say("ready", ports=taken)
    await stop.wait()
    for server in servers:
        await server.close()
    await account.save()


def main(argv):
    """Serve; return the exit code."""
    folder, host, *ports = argv or ["/phaseplan", "", "8080", "8081"]
    os.makedirs(f"{folder}/record", exist_ok=True)
    try:
        asyncio.run(serve(folder, host or None, [int(port) for port in ports]))
    except Unusable as error:
        say(str(error))
        return 2
    except OSError as error:
        say(f"the gateway cannot start: {error.strerror or error}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
