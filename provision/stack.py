"""Bring the stack of docker-compose.yaml up and healthy, or down.

python3 -m provision.stack [--settings FILE] up | down [--everything]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from provision import stack_images
from provision.common import TOP, ProvisionError, finish, locked, output, say
from provision.compose import Project
from provision.stack_settings import SETTINGS, ensure_secrets, ensure_settings, owner, read, remove_secrets

CELERY = "docker-compose.celery.yaml"
_PATIENCE = 300.0  # seconds until every service is healthy


def up(file: Path) -> None:
    """Bring the stack up and wait until it is healthy. What is up and unchanged stays as it is."""
    with locked("stack"):
        settings = ensure_settings(file)
        secrets = TOP / settings["PHASEPLAN_SECRETS"]
        ensure_secrets(secrets)
        stack_images.ensure(
            settings["PHASEPLAN_AIRFLOW_IMAGE"],
            settings["PHASEPLAN_POSTGRES_IMAGE"],
            settings["PHASEPLAN_BROKER_IMAGE"] if CELERY in settings.get("COMPOSE_FILE", "") else None,
            owner(),
        )
        Project(file, settings["COMPOSE_PROJECT_NAME"]).up(_PATIENCE)
    password = secrets / "admin_password"
    target = settings["PHASEPLAN_REPOSITORY"] or f"each plan names its own, or PHASEPLAN_REPOSITORY in {file} does"
    print(
        f"\nThe stack is up, and comes back with the engine.\n"
        f"\n  address   http://127.0.0.1:{settings['PHASEPLAN_PORT']}\n  user      admin\n  password  in {password}"
        f"\n  target    {target}\n\nmake stack-down stops it."
    )


def down(file: Path, everything: bool) -> None:
    """Stop the stack.

    :param everything: also remove its volumes, images, secrets and settings: all but what is in git is gone.
    """
    settings = read(file)
    if "COMPOSE_PROJECT_NAME" not in settings:
        raise ProvisionError(f"there is no stack: {file} is missing, or names no COMPOSE_PROJECT_NAME")
    project = Project(file, settings["COMPOSE_PROJECT_NAME"])
    project.run("down", "--remove-orphans", *(["--volumes"] if everything else []))
    if everything:
        project.remove_volumes()
        for service in ("AIRFLOW", "POSTGRES", "BROKER"):
            if image := settings.get(f"PHASEPLAN_{service}_IMAGE"):
                output("docker", "image", "rm", "--no-prune", image)
        remove_secrets(TOP / settings["PHASEPLAN_SECRETS"])
        file.unlink()
        return
    say("stopped. Its database, logs and secrets stay; agents that run go on, and the next `make stack` finds them")
    say("to remove all of it: python3 -m provision.stack down --everything")


def main(argv: list[str]) -> int:
    """Carry out one verb; see the top of this file."""
    parser = argparse.ArgumentParser(prog="python3 -m provision.stack", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--settings", type=Path, default=SETTINGS, metavar="FILE", help="default: .env")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up")
    verbs.add_parser("down").add_argument("--everything", action="store_true", help="volumes, images, secrets too")
    args = parser.parse_args(argv)
    if args.verb == "up":
        up(args.settings.resolve())
    else:
        down(args.settings.resolve(), args.everything)
    return 0


if __name__ == "__main__":
    finish(main)
