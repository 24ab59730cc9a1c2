#!/bin/sh
# python.sh FOLDER: an environment in FOLDER with requirements.txt, from the wheels that lie here, or else the index's.
set -eu
cd "$(dirname "$0")"
python3 -m venv "$1"
if ls ./*.tgz >/dev/null 2>&1; then
    mkdir -p /tmp/wheels
    tar -xzf ./*.tgz -C /tmp/wheels
    set -- "$1" --no-index --find-links /tmp/wheels
fi
folder=$1
shift
"$folder/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet "$@" -r requirements.txt
rm -rf /tmp/wheels
