"""Write the airflow.cfg of the stack (docker-compose.yaml); it goes into the image, so it holds no secret.

python -m phaseplan.cli.local_airflow.stack FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from phaseplan.cli.local_airflow import config
from phaseplan.cli.local_airflow.folders import folders

HOME = Path("/var/lib/airflow")  # a volume of each service's own, or nothing that matters
PRIVATE = Path("/run/phaseplan")  # in memory
API = "http://api-server:8080"
_PARALLELISM = 8
_PARSED = 15  # seconds after which a plan shows: it stays up for weeks, and each reading costs most of a second


def sections() -> config.Sections:
    """Return all settings that are the same in every service. Airflow reads each secret by a command, when needed."""
    dags, plugins = folders(HOME)
    own: config.Sections = {
        "core": {
            "dags_folder": str(dags),
            "plugins_folder": str(plugins),
            "fernet_key_cmd": _secret("fernet_key"),
            "simple_auth_manager_passwords_file": str(PRIVATE / "passwords.json"),
            "execution_api_server_url": f"{API}/execution/",
            # The name other services reach this one by: its logs are asked for there.
            "hostname_callable": "socket.gethostname",
        },
        "database": {"sql_alchemy_conn_cmd": "database-url"},
        "api": {"host": "0.0.0.0", "port": "8080", "secret_key_cmd": _secret("api_secret")},
        "api_auth": {"jwt_secret_cmd": _secret("jwt_secret")},
        "scheduler": {"enable_health_check": "True", "scheduler_health_check_server_host": "127.0.0.1"},
        # Of docker-compose.celery.yaml. Results go to the queue as well, so that no worker needs the database.
        "celery": {
            "broker_url_cmd": "broker-url",
            "result_backend_cmd": "broker-url",
            "worker_concurrency": str(_PARALLELISM),
        },
        # No task of ours is in a worker for longer than a gate's time limit; a message comes again after a day.
        "celery_broker_transport_options": {"visibility_timeout": "86400"},
        "logging": {"base_log_folder": str(HOME / "logs")},
        "phaseplan": {"state": str(HOME / "phaseplan")},
    }
    return config.merged(config.shared(parallelism=_PARALLELISM, paused=True, parsed=_PARSED), own)


def _secret(name: str) -> str:
    return f"cat /run/secrets/{name}"


if __name__ == "__main__":
    config.write(Path(sys.argv[1]), sections())
