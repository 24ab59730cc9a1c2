"""Write whole answers: the gateway's own, and a provider's error."""

import json

import h11

_JSON = b"application/json"


async def answer(wire, status, body, *more, content_type=_JSON):
    """Send one answer; `more` are further headers. A second answer to the same request is not sent."""
    if wire.http.our_state is not h11.SEND_RESPONSE and wire.http.our_state is not h11.IDLE:
        return
    head = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *more]
    await wire.send(h11.Response(status_code=status, headers=head), h11.Data(data=body), h11.EndOfMessage())


async def sentence(wire, status, words):
    """Send one sentence."""
    await answer(wire, status, json.dumps({"error": {"message": words}}).encode(), (b"x-should-retry", b"false"))
