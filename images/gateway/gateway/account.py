"""Count what an attempt has used, hold its budget, and write both to usage.json, which the worker reads."""

import asyncio
import json
import os
import re
import threading
import time
from dataclasses import dataclass

from gateway.talk import plain, say
from gateway.usage import Usage

_MODELS = 100  # named; an agent may invent names without end
_NAME = 100  # characters
_NEAR = 0.8
_DATED = re.compile(r"(?:-latest|[-@]20\d\d-?\d\d-?\d\d)$")


@dataclass(frozen=True)
class Need:
    """The most that a call may take, as far as it can be known before."""

    tokens: int
    usd: float


class Account:
    """The figures of one attempt. They go on from those of a gateway that was killed."""

    def __init__(self, policy, folder):
        self._policy, self._path = policy, f"{folder}/record/usage.json"
        self._data = {"version": 1, "calls": 0, "models": {}, "trouble": None, "refused": {}, "unreached": {},
                      "budget": None, "answered": 0, "refusal": None}  # fmt: skip
        self._needs = {}
        self._room = asyncio.Condition()
        self._said, self._tasks = set(), set()
        self._saving, self._disk = asyncio.Lock(), threading.Lock()
        self._version = self._saved = self._on_disk = 0
        self._read()

    def _read(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError):
            return
        if data.get("version") == 1:
            self._data |= data

    async def save(self):
        """Replace usage.json; other calls go on meanwhile, and several that end at once are written together."""
        self._version += 1
        wanted = self._version
        async with self._saving:
            if self._saved < wanted:
                self._saved = self._version
                await asyncio.to_thread(self._replace, self._version, json.dumps(self._data))

    def _replace(self, version, text):
        """Write the file, which a reader sees as it was or as it is; a thread that comes late writes nothing."""
        with self._disk:
            if version > self._on_disk:
                with open(f"{self._path}.new", "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(f"{self._path}.new", self._path)
                self._on_disk = version

    def _save_soon(self):
        task = asyncio.ensure_future(self.save())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def price(self, *models):
        """Return the price of a model by the first of its names that has one, or has one without its date."""
        names = [name for model in models for bare in (model.rpartition("/")[2],)
                 for name in (model, bare, _DATED.sub("", bare))]  # fmt: skip
        return next((self._policy.prices[name] for name in names if name in self._policy.prices), None)

    def usd(self, usage, *models):
        """Return what tokens cost in dollars; None if the price is not known."""
        price = self.price(*models)
        if price is None:
            return None
        fresh = max(0, usage.input - usage.cached - usage.written)
        parts = (fresh * price.input, usage.cached * price.cached, usage.written * price.written)
        return (sum(parts) + usage.output * price.output) / 1e6

    async def admit(self, model, asked, most):
        """Wait until the calls under way leave room for one more; return its reservation, or None if all is spent.

        :param asked: tokens of the request, roughly.
        :param most: tokens of its answer.
        """
        need = Need(asked + most, self.usd(Usage(asked, most), model) or 0.0)
        if self._policy.usd is not None and self.price(model) is None:
            self._once(("price", model), f"the price of model {plain(model, _NAME)} is not known: "
                       "its tokens are counted, and the budget in dollars does not hold it")  # fmt: skip
        async with self._room:
            while self._share() < 1:
                if not self._needs or self._fits(need):
                    reservation = object()
                    self._needs[reservation] = need
                    return reservation
                await self._room.wait()
        if self._data["budget"] != "spent":
            self._data["budget"] = "spent"
            await self.save()
            say(f"{self.name} is spent ({self.used}): its model is asked nothing more")
        return None

    async def settle(self, reservation, models, usage, good, refusal=None):
        """Count a call that has ended.

        :param models: the name that was asked for, and the one that has answered.
        :param usage: None if it never came to an answer.
        :param refusal: status and words of an answer that was none, and not for want of the provider.
        """
        async with self._room:
            self._needs.pop(reservation, None)
            self._room.notify_all()
        self._data["calls"] += 1
        if usage:
            self._add(models, usage)
        if good or refusal:
            status, words = refusal or (0, "")
            self._data["refusal"] = {"status": status, "message": plain(words)} if refusal else None
        if good:
            self._data["trouble"] = None
            self._data["answered"] += 1
            self._said = {key for key in self._said if key[0] != "trouble"}
        if self._share() >= _NEAR and self._data["budget"] is None:
            self._data["budget"] = "near"
            say(f"{self._share():.0%} of {self.name} is used ({self.used})")
        await self.save()

    def trouble(self, status, message, retry_after, sentence):
        """Note that the provider failed, and say so once until it answers again."""
        self._data["trouble"] = {"status": status, "message": plain(message), "retry_after": retry_after,
                                 "at": round(time.time(), 3)}  # fmt: skip
        self._data["answered"] = 0
        self._save_soon()
        self._once(("trouble", status), sentence)

    async def refuse(self, host, sentence):
        """Count a host that the agent may not reach; say so at the first time."""
        await self._count("refused", host, sentence)

    async def miss(self, host, sentence):
        """Count a host that could not be reached, or did not answer; say so at the first time."""
        await self._count("unreached", host, sentence)

    async def _count(self, kind, host, sentence):
        counts, host = self._data[kind], plain(host, 255)
        if host in counts:
            counts[host] += 1
        elif len(counts) < 100:
            counts[host] = 1
            say(plain(sentence))
        await self.save()

    @property
    def name(self):
        """Return what to call the budget that is nearest to its end."""
        _, unit = max(self._shares(), default=(0.0, ""))
        return self._policy.names.get(unit, "the budget of this attempt")

    @property
    def used(self):
        """Return in words what has been used of the budget."""
        parts = [f"{self._tokens:,} of {self._policy.tokens:,} tokens"] if self._policy.tokens is not None else []
        parts += [f"${self._usd:.2f} of ${self._policy.usd:.2f}"] if self._policy.usd is not None else []
        return ", ".join(parts)

    @property
    def _tokens(self):
        return sum(model["input"] + model["output"] for model in self._data["models"].values())

    @property
    def _usd(self):
        return sum(model["usd"] or 0.0 for model in self._data["models"].values())

    def _share(self):
        """Return how much of the budget is used, 1 at its end; 0 without one."""
        return max(self._shares(), default=(0.0, ""))[0]

    def _shares(self):
        """Return (share, unit) of each limit."""
        limits = ((self._policy.tokens, self._tokens, "tokens"), (self._policy.usd, self._usd, "usd"))
        return [(used / limit if limit > 0 else 1.0, unit) for limit, used, unit in limits if limit is not None]

    def _fits(self, need):
        tokens = self._tokens + need.tokens + sum(other.tokens for other in self._needs.values())
        usd = self._usd + need.usd + sum(other.usd for other in self._needs.values())
        fits = self._policy.tokens is None or tokens <= self._policy.tokens
        return fits and (self._policy.usd is None or usd <= self._policy.usd)

    def _add(self, names, usage):
        models, cost = self._data["models"], self.usd(usage, *names)
        name = plain(names[0], _NAME) or "unnamed"
        if name not in models and len(models) >= _MODELS:
            name, cost = "other", None
        entry = models.setdefault(name, {"input": 0, "output": 0, "cached": 0, "usd": 0.0})
        entry["input"] += usage.input
        entry["output"] += usage.output
        entry["cached"] += usage.cached
        entry["usd"] = None if cost is None or entry["usd"] is None else round(entry["usd"] + cost, 9)

    def _once(self, key, sentence):
        if key not in self._said and len(self._said) < 1000:
            self._said.add(key)
            say(plain(sentence))
