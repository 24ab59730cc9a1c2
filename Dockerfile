# Airflow with Phaseplan in it, for the stack (docker-compose.yaml). `make stack` builds it.
# Nothing here is secret: secrets are files that compose mounts. PHASEPLAN_UID is who owns those files on the machine.

FROM debian:bookworm-slim AS python
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client python3 python3-venv \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

# Of packages that were installed outside where they are (no index is asked then), else of whatever index pip knows.
FROM python AS environment
COPY requirements.txt requirements-stack.txt constraints.txt /wanted/
COPY Dockerfile .phaseplan/stack-package[s] /packages/
RUN python3 -m venv /opt/phaseplan/.venv && cd /opt/phaseplan/.venv \
 && if [ -d /packages/lib ]; then \
      rm -f /packages/bin/python* /packages/bin/activate* && cp -a /packages/bin /packages/lib . ; \
    else bin/pip install -q --no-cache-dir --no-compile --disable-pip-version-check \
      -r /wanted/requirements.txt -r /wanted/requirements-stack.txt -c /wanted/constraints.txt; fi \
 && bin/python -m compileall -q -j 0 lib

FROM python AS airflow
ARG PHASEPLAN_UID
RUN useradd --uid "${PHASEPLAN_UID:?}" --no-create-home --home-dir /var/lib/airflow airflow \
 && install -d -o airflow -g airflow -m 0700 /var/lib/airflow \
 && install -d -m 1777 /run/phaseplan
COPY --from=environment /opt/phaseplan/.venv /opt/phaseplan/.venv
COPY images/airflow/gitconfig /etc/gitconfig
COPY images/airflow/entrypoint images/airflow/database-url images/airflow/broker-url images/airflow/healthy \
    images/airflow/remove-old-logs /usr/local/bin/
WORKDIR /opt/phaseplan
COPY phaseplan ./
COPY include ./include
COPY dags ./dags
COPY plugins ./plugins
COPY skills ./skills
ENV PATH=/opt/phaseplan/.venv/bin:$PATH PYTHONPATH=/opt/phaseplan/include PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/var/lib/airflow AIRFLOW_CONFIG=/opt/phaseplan/airflow.cfg PHASEPLAN_DATABASE=postgres/airflow PHASEPLAN_BROKER=broker:6379 \
    GIT_SSH_COMMAND="ssh -i /run/secrets/git_ssh_key -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=/run/secrets/git_known_hosts"
RUN python -m phaseplan.cli.local_airflow.stack airflow.cfg && chmod 0644 airflow.cfg \
 && python -m compileall -q include dags plugins && mkdir include/plans
USER airflow
ENTRYPOINT ["entrypoint"]
