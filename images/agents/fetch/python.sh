#!/bin/sh
# python.sh FOLDER PROGRAM...: an environment in FOLDER with requirements.txt, of the packages that lie here, or else the
# index's. What these programs import while they start is compiled: they may not write it down when agents run them.
set -eu
cd "$(dirname "$0")"
folder=$1
shift
if ls ./*.tgz >/dev/null 2>&1; then
    python3 -m venv --without-pip "$folder"
    tar -xzf ./*.tgz -C "$folder"
else
    apt-get update
    apt-get install -y --no-install-recommends python3-venv
    python3 -m venv "$folder"
    "$folder/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet --no-deps --no-compile -r requirements.txt
fi
for program in "$@"; do
    "$folder/bin/$program" --help >/dev/null
done
