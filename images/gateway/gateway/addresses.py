"""Decide which hosts an agent may reach, and at which address."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

_USUAL = (80, 443)
#: IPv6 addresses with one of IPv4 in their last bits: translated, and as it was meant to be at first.
_HOLDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
#: Those of a network's own that not every Python calls so.
_OWN = (ipaddress.ip_network("64:ff9b:1::/48"), ipaddress.ip_network("fec0::/10"))


class Refused(Exception):
    """The agent may not reach this host."""


class Unresolved(Exception):
    """A name has no address now."""


@dataclass(frozen=True)
class Rule:
    """One entry of the policy's `egress`.

    :param private: its address may be one inside the network.
    """

    host: str
    ports: tuple
    private: bool


def split(target, port):
    """Return (host, port) of `host:port`; None if it is none. IPv6 addresses are in brackets."""
    host, colon, tail = target.rpartition(":")
    if not colon or target.endswith("]"):
        host, tail = target, str(port)
    if not host or not tail.isascii() or not tail.isdecimal() or not 0 < int(tail) < 65536:
        return None
    return host.strip("[]").rstrip(".").lower(), int(tail)


def rules_of(entries):
    """Read the policy's list."""
    rules = []
    for entry in entries:
        private = entry.startswith("private:")
        name = entry.removeprefix("private:")
        host, port = split(name, 0) or (name.strip("[]").rstrip(".").lower(), 0)
        rules.append(Rule(host, (port,) if port else _USUAL, private))
    return rules


def inside(address):
    """Say whether an address is not one of the public network, also where it is wrapped into another."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if any(address in network for network in _HOLDING):
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return inside(wrapped)
        if any(address in network for network in _OWN):
            return True
    return not address.is_global or address.is_multicast


class Egress:
    """The hosts of the policy."""

    def __init__(self, entries):
        self._rules = rules_of(entries)

    async def address(self, host, port):
        """Return the address at which a host may be reached.

        :raises Refused: the agent may not reach it.
        :raises Unresolved: it has no address.
        """
        rule = self.rule(host, port)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unresolved(f"{host} has no address: {getattr(error, 'strerror', None) or error}") from None
        addresses = [entry[4][0].partition("%")[0] for entry in found]
        open_ones = [text for text in addresses if rule.private or not inside(ipaddress.ip_address(text))]
        if not open_ones:
            raise Refused(f"{host}:{port} leads to {addresses[0]}, which is inside a private network: the profile's "
                          f"key egress has to name it as private:{host}:{port} if agents may reach it")  # fmt: skip
        return open_ones[0]

    def rule(self, host, port):
        """Return the entry that lets a host be reached.

        :raises Refused: there is none.
        """
        matching = [rule for rule in self._rules if rule.host == host and port in rule.ports]
        try:
            ipaddress.ip_address(host)
            matching = [rule for rule in matching if rule.private]
            why = (
                f"{host}:{port} is a bare address, which the profile's key egress has to name as private:{host}:{port}"
            )
        except ValueError:
            why = f"{host}:{port} is not among the hosts that the profile lets its agents reach (key egress)"
        if not matching:
            raise Refused(why)
        return max(matching, key=lambda rule: rule.private)
