"""Make the base image: pulled if a registry answers, else bootstrapped from Debian's packages under the same name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from provision.common import ProvisionError, can_install, install, output, run, say

BASE = "debian:bookworm-slim"
_SUITE = "bookworm"
_PULL_PATIENCE = 60  # seconds; an unreachable registry mostly fails at once
_DOCS = ("doc", "man", "info", "locale", "lintian")
_SLIM = "".join(f"path-exclude /usr/share/{name}/*\n" for name in _DOCS) + "path-include /usr/share/doc/*/copyright\n"
ENTRY = re.compile(r"^(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(https?://\S+)", re.MULTILINE)


def ensure_base() -> None:
    """Have `debian:bookworm-slim` on the engine."""
    if output("docker", "image", "inspect", BASE) is not None:
        return
    say(f"pulling {BASE}")
    trouble = pull()
    if trouble is None:
        return
    if not can_install():
        raise ProvisionError(
            f"{BASE} cannot be pulled ({trouble}), and bootstrapping it needs root on Debian or Ubuntu. "
            f"Run this as root, or load it: docker load < an archive of {BASE}"
        )
    say(f"no registry answers ({trouble}): bootstrapping {BASE} from Debian's packages (about a minute)")
    if shutil.which("debootstrap") is None:
        install("debootstrap", "debian-archive-keyring", why="debootstrap is missing")
    bootstrap()


def pull() -> str | None:
    """Try the registry; None when it worked, else why not in a line."""
    command = ["docker", "pull", "--quiet", BASE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PULL_PATIENCE)
    except subprocess.TimeoutExpired:
        return f"no answer in {_PULL_PATIENCE} s"
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1][:200] if done.returncode else None


def bootstrap() -> None:
    """Make the base image of a minimal Debian, slimmed as the official one is."""
    mirror = debian_mirror()
    with tempfile.TemporaryDirectory(prefix="phaseplan-base-") as folder:
        root = Path(folder) / "root"
        env = {**os.environ, **_apt_proxy()}
        run("debootstrap", "--variant=minbase", _SUITE, str(root), *mirror, quiet=True, env=env)
        slim(root)
        _import(root)


def slim(root: Path) -> None:
    """Take out what an image does not need, and have apt work in it as it does on this machine."""
    for folder in ("var/cache/apt", "var/lib/apt/lists", "usr/share/man", "usr/share/info", "usr/share/locale"):
        for entry in (root / folder).glob("*"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for path in (root / "usr/share/doc").rglob("*"):
        if path.is_file() and path.name != "copyright":
            path.unlink()
    sources = root / "etc/apt/sources.list"
    main = sources.read_text()
    sources.write_text(main + main.replace(f" {_SUITE} ", f" {_SUITE}-updates "))
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(_SLIM)
    (root / "etc/apt/apt.conf.d/slim").write_text('Acquire::Languages "none";\nAPT::Install-Recommends "false";\n')
    # Where the machine takes packages from a frozen mirror, its dates are old by design: so do the builds.
    lines = [f'{key} "false";\n' for key in ("Acquire::Check-Valid-Until", "Acquire::Check-Date") if _is_off(key)]
    (root / "etc/apt/apt.conf.d/dates").write_text("".join(lines))


def debian_mirror() -> tuple[str, ...]:
    """Return where this machine gets Debian's packages from; None (on Ubuntu): debootstrap knows Debian's own
    address."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text(errors="replace") for path in files if path.is_file())
    found = (uri.rstrip("/") for uri in ENTRY.findall(text))
    return next(((uri,) for uri in found if uri.endswith("/debian")), ())


def _apt_proxy() -> dict[str, str]:
    """Return the proxy that apt uses here, for debootstrap."""
    proxy = (output("apt-config", "shell", "P", "Acquire::http::Proxy") or "").partition("=")[2].strip("'")
    return {"http_proxy": proxy} if proxy else {}


def _is_off(key: str) -> bool:
    return (output("apt-config", "shell", "V", key) or "").strip().endswith("='false'")


def _import(root: Path) -> None:
    """Give the tree to the engine as the base image, with a label that says where it is from."""
    tar = subprocess.Popen(["tar", "-C", str(root), "--numeric-owner", "-c", "."], stdout=subprocess.PIPE)
    changes = ("--change", 'CMD ["bash"]', "--change", "LABEL phaseplan.base=debootstrap")
    done = subprocess.run(["docker", "import", *changes, "-", BASE], stdin=tar.stdout, capture_output=True, text=True)
    if tar.stdout:
        tar.stdout.close()
    if tar.wait() or done.returncode:
        raise ProvisionError(f"{BASE} could not be imported: {done.stderr.strip()}")
