"""Ask a provider until it answers, or until the wait is over; tell its trouble from the agent's mistakes."""

import asyncio
import json
import time

from gateway.patience import Patience, retry_after, troubled
from gateway.talk import plain, say
from gateway.wire import Lost


class Asking:
    """All calls of the attempt: what one is told to wait, the others wait too."""

    def __init__(self, policy, provider, account):
        self._policy, self._provider, self._account = policy, provider, account
        self._hold = 0.0  # on the monotonic clock: before this, no call is made

    async def ask(self, call, method, target, headers, body):
        """Return the provider's answer; `call.asking` says while the provider has the request.

        :raises Lost: there is none within the wait.
        :raises Untrusted: another server is at its address.
        :raises Unreadable: it is packed in a way that is not known.
        """
        patience = Patience(self._policy.wait)
        while True:
            await self._held(patience)
            call.asking = True
            try:
                answer = await self._provider.ask(method, target, headers, body)
            except Lost as error:
                call.asking = False
                self._lost(error)
                pause = patience.after_loss()
                if pause is None:
                    raise
                await asyncio.sleep(pause)
                continue
            call.asking = False
            if not troubled(answer.meaning):
                return answer
            pause = retry_after(answer.headers, answer.body)
            self.refused(answer.meaning, message_of(answer.body), pause)
            pause = patience.after_answer(answer.meaning, answer.headers, pause)
            if pause is None:
                return answer
            self._wait(answer.status, pause)
            await asyncio.sleep(pause)

    async def release(self, wire):
        """Keep the connection of an answer that has come to its end."""
        await self._provider.release(wire)

    def broken(self, words):
        """Note that an answer broke off in its middle."""
        self._account.trouble(0, words, None, f"{self._provider.name} broke off in the middle of an answer: {words}")

    def untrusted(self, words):
        """Note that the provider's certificate is not trusted."""
        self._account.trouble(0, words, None, f"{self._provider.name} is not trusted: {words}; is a CA missing?")

    async def _held(self, patience):
        while (pause := min(self._hold - time.monotonic(), patience.left)) > 0:
            await asyncio.sleep(pause)

    def _wait(self, status, pause):
        """Hold all calls after a 429 that says for how long."""
        now = time.monotonic()
        if status != 429:
            return
        if self._hold <= now:
            say(f"{self._provider.name} limits the rate of this key (429): all calls wait for {pause:.0f} s")
        self._hold = max(self._hold, now + pause)

    def _lost(self, error):
        self._account.trouble(0, str(error), None, f"{self._provider.name} cannot be reached: {error}")

    def unreadable(self, words):
        """Note that the provider's answer is in an encoding that is not known."""
        self._account.trouble(0, words, None, f"what {self._provider.name} answers cannot be read: {words}")

    def refused(self, status, message, pause=None):
        """Note that the provider does not do what it is asked.

        :param message: in its own words, without the key.
        :param pause: seconds for which it wants to be left alone.
        """
        if 300 <= status < 400:
            sentence = f"{self._provider.name} sends its callers elsewhere ({status}): is the address right?"
        elif status in (401, 402, 403):
            sentence = f"{self._provider.name} refuses the key ({status}): {message}"
        else:
            sentence = f"{self._provider.name} lets nobody in now ({status}): {message}"
        self._account.trouble(status, message, pause, sentence)


def message_of(body):
    """Return an error's own words."""
    text = body.decode("utf-8", "replace")
    try:
        data = json.loads(text)
        error = data.get("error", data)
        text = error.get("message", text) if isinstance(error, dict) else error
    except (ValueError, AttributeError, RecursionError):
        pass
    return plain(str(text))
