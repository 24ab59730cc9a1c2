#!/bin/sh
# fetch.sh PACKAGE: unpack an npm package into /package: the one that lies beside this script, or else the registry's.
set -eu
cd "$(dirname "$0")"
if ! ls ./*.tgz >/dev/null 2>&1; then
    apt-get update
    apt-get install -y --no-install-recommends ca-certificates npm
    npm pack --silent "$1"
fi
mkdir -p /package
tar -xzf ./*.tgz -C /package --strip-components=1
