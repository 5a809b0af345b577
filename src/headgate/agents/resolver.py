"""DNS at every address of the internet: every name has an address of its own."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence

import dns.exception
import dns.name

from headgate.internet import lifetime

IP_PKTINFO = 8  # ip(7): the address a datagram was sent to

# RFC 1035, section 4.1: a recursive query with one question and nothing else, its type and class
# for an address of the internet; how an answer with one record begins, and that record, whose name
# is the question's.
_BARE = bytes.fromhex("0100 0001 0000 0000 0000")
_FOR_ADDRESS = bytes.fromhex("0001 0001")
_ANSWERED = bytes.fromhex("8180 0001 0001 0000 0000")
_RECORD = struct.Struct(">HHHIH4s")

Resolve = Callable[[str], str]
"""The address of a name."""


class Resolver:
    """Answers queries that come to a socket; `keep` gets each with the address it was sent to."""

    def __init__(
        self, sock: socket.socket, resolve: Resolve, keep: Callable[[str, bytes], object]
    ) -> None:
        self._sock = sock
        self._resolve = resolve
        self._keep = keep

    def ready(self) -> None:
        try:
            data, control, _, client = self._sock.recvmsg(4096, 64)
        except BlockingIOError:
            return
        asked = _asked_address(control)
        self._keep(asked, data)
        if found := answer(data, self._resolve):
            # Answered from the address that was asked: a resolver drops any other.
            source = struct.pack("=I4s4s", 0, socket.inet_aton(asked), bytes(4))
            self._sock.sendmsg([found], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, client)


def answer(query: bytes, resolve: Resolve) -> bytes | None:
    """The answer to a query: an address for every name, and no record of any other type. None to
    what is no query.

    Nearly all are one bare question, as nginx asks it. dnspython would take as long to answer that
    as everything else in a visit takes.
    """
    if query[2:12] == _BARE and query.endswith(_FOR_ADDRESS):
        try:
            name, length = dns.name.from_wire(query, 12)
        except dns.exception.DNSException:
            return None
        if len(query) == 12 + length + len(_FOR_ADDRESS):
            text = name.to_text(omit_final_dot=True)
            address = socket.inet_aton(resolve(text))
            record = _RECORD.pack(0xC00C, 1, 1, lifetime(text), len(address), address)
            return query[:2] + _ANSWERED + query[12:] + record
    return _answer_any(query, resolve)


def _answer_any(query: bytes, resolve: Resolve) -> bytes | None:
    import dns.flags
    import dns.message  # with the others it takes 15 ms, and few ask such a question
    import dns.rdatatype
    import dns.rrset

    try:
        message = dns.message.from_wire(query)
        question = message.question[0]
    except (dns.exception.DNSException, IndexError):
        return None
    response = dns.message.make_response(message)
    response.flags |= dns.flags.RA
    if question.rdtype == dns.rdatatype.A:
        name = question.name.to_text(omit_final_dot=True)
        record = dns.rrset.from_text(question.name, lifetime(name), "IN", "A", resolve(name))
        response.answer.append(record)
    return response.to_wire()


def _asked_address(control: Sequence[tuple[int, int, bytes]]) -> str:
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            return socket.inet_ntoa(struct.unpack("=I4s4s", data)[2])
    raise ValueError("a datagram without IP_PKTINFO")
