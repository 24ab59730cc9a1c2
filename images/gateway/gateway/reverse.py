"""Pass an agent's calls to its model's provider: with the real key, within the budget, and counted."""

import asyncio
import hmac
import time
from dataclasses import dataclass

import h11

from gateway import headers
from gateway.answers import answer, sentence
from gateway.asking import message_of
from gateway.bodies import TooLong
from gateway.decoding import Unreadable
from gateway.patience import troubled
from gateway.provider import Untrusted
from gateway.routes import error_body, protocol_of, route_of, wish_of
from gateway.talk import plain
from gateway.usage import Meter, estimated
from gateway.wire import Lost

_LARGE = 1 << 20  # bytes of a body that is not read in the loop
_LOOK = 0.5  # seconds after which it is looked whether the agent is still there
_FINAL = (b"x-should-retry", b"false")


class Gone(Exception):
    """The agent has hung up."""


@dataclass
class Call:
    """One call while it goes on; it is recorded as it is at its end."""

    began: float
    status: int = 0
    first: float | None = None
    asking: bool = False
    usage: object = None
    answered: str = ""  # the model, as the answer calls it
    whole: bool = False
    refusal: tuple = ()  # status and words of an answer that the agent can do nothing with
    failed: bool = False  # its provider said in the answer that it could not give one


class Reverse:
    """The side of the gateway that the agent takes for its model."""

    def __init__(self, policy, asking, account, record, bodies, key):
        self._policy, self._asking, self._account = policy, asking, account
        self._record, self._bodies, self._key = record, bodies, key

    async def serve(self, wire, request):
        """Answer one request."""
        method, target = request.method.decode(), request.target.decode("ascii", "replace")
        path = target.partition("?")[0]
        if path == "/" and method in ("GET", "HEAD"):  # is anybody here?
            await answer(wire, 200, b"" if method == "HEAD" else b"{}")
            return
        route = route_of(method, target)
        if route is None or self._policy.kind is None:
            words = "this gateway passes model endpoints on (messages, chat/completions, responses, generateContent)"
            words = words if self._policy.kind else "the profile of this agent names no provider"
            await sentence(wire, 404, f"{method} {path[:100]} is not to be had here: {words}")
            return
        protocol = route.protocol or protocol_of(path, self._policy.kind)
        if not self._known(request, route):
            await self._error(wire, protocol, 401, "authentication_error",
                              "this is not the token that the agent was given for its model")  # fmt: skip
            return
        if headers.value_of(request.headers, b"content-encoding") not in ("", "identity"):
            await self._error(wire, protocol, 415, "invalid_request_error",
                              "a compressed request cannot be counted: send it as it is")  # fmt: skip
            return
        try:
            async with self._bodies.of(wire, request.headers) as body:
                await self._call(wire, request, route, protocol, body)
        except TooLong:
            await self._error(wire, protocol, 413, "request_too_large",
                              f"a request may have {self._bodies.most >> 20} MiB")  # fmt: skip

    def _known(self, request, route):
        """Say whether a request has the token."""
        given = request.headers
        bearer = headers.value_of(given, b"authorization").removeprefix("Bearer ").strip()
        tokens = (headers.value_of(given, b"x-api-key"), bearer, headers.value_of(given, b"x-goog-api-key"), route.key)
        token = self._policy.token.encode()
        return any(hmac.compare_digest(given.encode("utf-8", "replace"), token) for given in tokens)

    async def _call(self, wire, request, route, protocol, body):
        """Let one call through, if the budget has room for it."""
        wish = await asyncio.to_thread(wish_of, route, body) if len(body) > _LARGE else wish_of(route, body)
        if wish.fault:
            await self._error(wire, protocol, 400, "invalid_request_error", wish.fault)
            return
        call, reservation = Call(time.monotonic()), None
        if route.metered:
            asked = estimated(len(body))
            reservation = await _while_there(wire, self._account.admit(wish.model, asked, wish.most))
            if reservation is None:
                words = f"{self._account.name} is spent ({self._account.used}): end your work now"
                await self._error(wire, protocol, 402, "budget_exceeded", words)
                return
        try:
            await self._ask(wire, request, route, protocol, wish, call)
        finally:
            self._record.call(call.began, route.path, wish.model, call.status, call.first, call.usage, call.whole)
            if route.metered:
                good = call.whole and 200 <= call.status < 300 and not call.failed
                await self._account.settle(reservation, (wish.model, call.answered), call.usage, good, call.refusal)

    async def _ask(self, wire, request, route, protocol, wish, call):
        meter = Meter(protocol, "", len(wish.body))
        asked = self._asking.ask(call, request.method.decode(), route.target, request.headers, wish.body)
        try:
            answer = await _while_there(wire, asked)
        except Lost as error:
            await self._error(wire, protocol, 503, "provider_unreachable", f"the provider cannot be reached: {error}")
            return
        except Untrusted as error:
            self._asking.untrusted(str(error))
            await self._error(wire, protocol, 503, "provider_untrusted", f"the provider is not trusted: {error}")
            return
        except Unreadable as error:
            call.usage = meter.usage(False) if route.metered else None
            self._asking.unreadable(str(error))
            await self._error(wire, protocol, 503, "provider_unreadable", f"the answer cannot be read: {error}")
            return
        except (Gone, asyncio.CancelledError):
            if route.metered and call.asking:
                call.usage = meter.usage(False)  # the provider may have read it all
            raise
        call.status, call.first = answer.status, time.monotonic()
        if answer.body is not None:
            if not troubled(answer.meaning):
                call.refusal = (answer.status, message_of(answer.body))
            await self._pass_error(wire, answer)
            call.whole = True
        else:
            meter = Meter(protocol, headers.value_of(answer.headers, b"content-type"), len(wish.body))
            await self._pass(wire, answer, meter if route.metered else None, call)

    async def _pass(self, wire, answer, meter, call):
        """Pass an answer on as it comes."""
        redactor = headers.Redactor(self._key)
        kept = [(name, redactor.whole(value)) for name, value in headers.passed(answer.headers)]
        provider = answer.wire
        try:
            await wire.send(h11.Response(status_code=answer.status, headers=kept))
            while isinstance(event := await _receive(provider, self._asking), h11.Data):
                for piece in _unpacked(answer.unpack, event.data, self._asking):
                    if meter:
                        meter.feed(piece)
                    data = redactor.feed(piece)
                    if data:
                        await wire.send(h11.Data(data=data))
            rest = redactor.rest()
            await wire.send(*([h11.Data(data=rest)] if rest else []), h11.EndOfMessage())
            call.whole = True
        finally:
            if meter:
                call.usage, call.answered = meter.usage(call.whole), meter.model
                call.refusal = (call.status, meter.end) if meter.end else ()
                self._heed(call, meter.fault)
            if call.whole:
                await self._asking.release(provider)
            else:
                provider.close(abort=True)
                wire.close(abort=True)

    def _heed(self, call, fault):
        """Note an error in an answer that began well."""
        if fault is None:
            return
        status, words = fault[0], plain(headers.Redactor(self._key).whole(fault[1].encode()).decode("utf-8", "replace"))
        call.failed = True
        if troubled(status):
            self._asking.refused(status, words)
        else:
            call.refusal = (status, words)

    async def _pass_error(self, wire, came):
        redactor = headers.Redactor(self._key)
        kept = [(name, redactor.whole(value)) for name, value in headers.passed(came.headers)]
        kept = [(name, value) for name, value in kept if name not in (b"content-length", b"content-type")]
        kind = headers.value_of(came.headers, b"content-type").encode("latin-1") or b"application/json"
        await answer(wire, came.status, came.body, *kept, content_type=kind)

    async def _error(self, wire, protocol, status, kind, words):
        await answer(wire, status, error_body(protocol, status, kind, words), _FINAL)


def _unpacked(unpack, data, asking):
    """Yield the pieces of an answer.

    :raises Lost: it is damaged.
    """
    try:
        yield from unpack.feed(data)
    except Unreadable as error:
        asking.broken(str(error))
        raise Lost(str(error)) from None


async def _receive(provider, asking):
    try:
        return await provider.receive()
    except Lost as error:
        asking.broken(str(error))
        raise


async def _while_there(wire, work):
    """Await something unless the agent hangs up.

    :raises Gone: it has; the work is cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK))[0]:
            if wire.gone:
                raise Gone
        return task.result()
    finally:
        task.cancel()
