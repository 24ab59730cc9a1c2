"""Explain why the target refused a push: the hook's own words, the ref, and who must act."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from phaseplan.errors import Infrastructure, Lasting
from phaseplan.text.cutting import cut

#: What git says about a ref that another process moved or locked at this moment. Only git's own lines are searched: a
#: hook may write anything, also that a ticket "already exists".
_RACED = ("stale info", "failed to update ref", "fetch first", "remote ref updated", "already exists", "incorrect old")
_LOCKED = ("cannot lock ref", "failed to lock", "failed to update ref", "reference already exists", "Unable to create")
_COMPANION = ("atomic push failure", "atomic transaction failed")
_TAKEN = re.compile(r"[ +*=-]\t[^\t]*:(\S+)\t[^\t]*")
_LINE = re.compile(r"^!\t[^\t]*:(\S+)\t\[(?:remote )?rejected\] \((.*)\)$", re.MULTILINE)
_REMOTE = re.compile(r"^remote: ?(.*?)\s*$", re.MULTILINE)
_CLASH = re.compile(r"cannot lock ref '([^']+)': '([^']+)' exists; cannot create")
_LONGEST = 1500  # characters of a server's output


class RepositoryUnreachable(Infrastructure):
    """The target repository cannot be read now."""


class RepositoryUnreadable(RepositoryUnreachable, Lasting):
    """The target repository cannot be read, and a person must act before it can."""


class NameClash(Lasting):
    """A branch of the target stands where a name of ours would have to be."""


class Refused(Lasting):
    """The target refuses a ref by a rule of its own.

    :param refs: the refs that the rule is about; others of the same push were only held back with them.
    """

    def __init__(self, target: str, refs: Sequence[str], why: str, server_text: str) -> None:
        self.refs, self.words = tuple(refs), server_text or why
        named = ", ".join(ref.removeprefix("refs/heads/") for ref in refs) or "the push"
        quote = f"{server_text}\nWith these words" if server_text else "Without a word"
        super().__init__(f"{quote} {target} refused {named} ({why}). Next: {_next(why, named)}")


@dataclass(frozen=True)
class Refusal:
    """Describe a push that moved nothing, as git reports it."""

    reasons: dict[str, str]  # by ref
    words: str  # what the server printed
    raced: bool  # only another process was faster

    @property
    def named(self) -> tuple[str, ...]:
        """Return the refs that the refusal is about.

        A pre-receive hook refuses a push as a whole; then branches are named rather than our own refs beside them, for
        which servers have no rules.
        """
        own = [ref for ref, why in self.reasons.items() if why not in _COMPANION] or list(self.reasons)
        return tuple([ref for ref in own if ref.startswith("refs/heads/")] or own)

    @property
    def why(self) -> str:
        """Return git's reason in brackets."""
        return next((self.reasons[ref] for ref in self.named), "no reason given")


def refusal(out: str, err: str) -> Refusal:
    """Read the output of `git push --porcelain`."""
    reasons = dict(_LINE.findall(out))
    lines = [line for line in _REMOTE.findall(err) if line]
    locked = any(phrase in line for line in lines if line.startswith("error:") for phrase in _LOCKED)
    own = [why for why in reasons.values() if why not in _COMPANION]
    raced = any(phrase in why for why in own for phrase in _RACED) or (locked and not own)
    return Refusal(reasons, cut("\n".join(lines), _LONGEST), raced or (not reasons and locked))


def settled(out: str, err: str, refs: Sequence[str]) -> bool:
    """Say whether a push with exit code 0 reports each of these refs, and nothing else, as taken by the target.

    Anything more (a hook's output, a warning, a line of another ref) leaves it open.

    :param out: of `git push --porcelain`: `To <url>`, a line for each ref, `Done`.
    """
    lines = out.splitlines()
    if err.strip() or len(lines) != len(refs) + 2 or not lines[0].startswith("To ") or lines[-1] != "Done":
        return False
    taken_refs = [match[1] for line in lines[1:-1] if (match := _TAKEN.fullmatch(line))]
    return sorted(taken_refs) == sorted(refs)


def clash_of(err: str) -> tuple[str, str] | None:
    """Return the ref that could not be created and the ref in its way, if git names them."""
    match = _CLASH.search(err)
    return (match[1], match[2]) if match else None


def clash(target: str, new_ref: str, existing_ref: str) -> NameClash:
    """Make the error that names the target's branch which has to be renamed or deleted."""
    own, other = new_ref.removeprefix("refs/heads/"), existing_ref.removeprefix("refs/heads/")
    if own == new_ref:  # no branch of a plan, but one of our own records
        return NameClash(
            f"the target has a ref `{existing_ref}`, and git cannot store `{new_ref}` beside it. "
            f"Next: rename or delete it in {target} (`git update-ref -d {existing_ref}`); then start again."
        )
    return NameClash(
        f"the target has a branch `{other}`, and git cannot store `{own}` beside it. "
        f"Next: rename or delete `{other}` in {target}, or give the branch another name in the plan; then start again."
    )


def _next(why: str, named: str) -> str:
    if "checked out" in why:
        return "check out another branch there, or use a bare clone as the target."
    if "permission" in why or "unpacker error" in why:
        return "give the user that Phaseplan pushes as the right to write there (and see that its disk is not full)."
    if "missing necessary objects" in why:
        return "repair or delete the ref there that points at nothing (`git fsck` names it), then Clear the task."
    return f"allow Phaseplan to push {named} there, then Clear the task."


#: A run was given them and did not keep them, so any later command asks again.
_GIVE = (
    "give them again in the address (--repository https://user:password@host/path, AIRFLOW__PHASEPLAN__REPOSITORY, or "
    "`repository` in section [phaseplan] of airflow.cfg), or set up a git credential helper for it"
)
#: What git says when a repository cannot be read, and what it means: beginning of the sentence, next step.
_LASTING: tuple[tuple[str, str, str], ...] = (
    (
        "mismatched algorithms",
        "it stores sha256 object ids",
        "use a repository with sha1 ids",
    ),
    ("does not support object format", "it stores sha256 object ids", "use a repository with sha1 ids"),
    ("shallow", "it is a shallow clone and lacks history", "run `git fetch --unshallow` there, or use a whole clone"),
    ("dubious ownership", "it belongs to another user", "run `git config --global --add safe.directory <path>`"),
    ("Authentication failed", "it does not accept the user or password", f"check them; {_GIVE}"),
    ("could not read Username", "it wants a user and password, which Phaseplan never writes down", _GIVE),
    ("could not read Password", "it wants a password, which Phaseplan never writes down", _GIVE),
    ("Permission denied", "it does not let this user in", "check the key or the rights of the folder"),
    ("Host key verification failed", "its host key is unknown here", "add it to known_hosts after you compared it"),
    ("does not appear to be a git repository", "it is no git repository", "check the path or the URL"),
    ("invalid gitfile format", "it is a file, and no git repository", "check the path"),
    ("bad config line", "a git configuration has a mistake in it", "mend the file that git names"),
    ("unknown repository extension", "it uses what this git does not know", "use a newer git here"),
    ("not found", "there is none", "check the path or the URL, and the rights of the user"),
    ("returned error: 403", "it forbids this user to read", "check the rights of the user"),
)


def unreadable(target: str, verb: str, output: str) -> RepositoryUnreadable | None:
    """Return an error if the repository stays unreadable until a person acts; None if a retry may help."""
    for phrase, cause, step in _LASTING:
        if phrase in output:
            message = f"repository {target} cannot be read: {cause}. Next: {step}. git {verb} said: {output}"
            return RepositoryUnreadable(message)
    return None
