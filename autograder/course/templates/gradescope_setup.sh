#!/usr/bin/env bash
# Runs once, as root, when Gradescope builds the image.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
here=/autograder/source

apt-get update
python=python3
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    apt-get install -y --no-install-recommends python3-venv
else
    python=python3.11
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
fi

# Outside of /autograder: submissions run with this Python, under numbers of users that own
# nothing, and can read neither the kit nor the results.
"$python" -m venv /opt/byhand
/opt/byhand/bin/pip install --no-cache-dir --find-links "$here/vendor" [[ requirements ]]

chown -R root:root "$here"
chmod -R go= "$here"
