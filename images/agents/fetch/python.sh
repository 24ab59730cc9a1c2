#!/bin/sh
# python.sh FOLDER PROGRAM...: an environment in FOLDER with requirements.txt, from the wheels that lie here, or else the
# index's. What these programs import while they start is compiled: they may not write it down when agents run them.
set -eu
cd "$(dirname "$0")"
folder=$1
shift
if ls ./*.tgz >/dev/null 2>&1; then
    mkdir -p /tmp/wheels
    tar -xzf ./*.tgz -C /tmp/wheels
    python3 -m venv --without-pip "$folder"
    pip=$(ls /tmp/wheels/pip-*.whl)/pip
    from="--no-index --find-links /tmp/wheels"
else
    apt-get update
    apt-get install -y --no-install-recommends python3-venv
    python3 -m venv "$folder"
    pip=$folder/bin/pip
    from=
fi
# shellcheck disable=SC2086
"$folder/bin/python3" "$pip" install --no-cache-dir --disable-pip-version-check --quiet --no-deps --no-compile $from \
    -r requirements.txt
rm -rf /tmp/wheels
for program in "$@"; do
    "$folder/bin/$program" --help >/dev/null
done
