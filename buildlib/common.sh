# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Shared by buildlib/demo and buildlib/test: packages and builds. Sourced, with the project's root as
# current directory.

say() { printf '\n== %s\n' "$*"; }
die() { echo "error: $*" >&2; exit 1; }

# The system's own Python and its packages, whatever else may be first on PATH.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
PYTHON=/usr/bin/python3
JOBS=$(nproc)

# install_packages GROUP...: installs what is missing of these groups of buildlib/packages.txt.
install_packages() {
	local missing=() group package
	while read -r group package; do
		[[ " $* " == *" $group "* ]] || continue
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
			missing+=("$package")
	done < <(grep -v '^#' buildlib/packages.txt)
	[ ${#missing[@]} -eq 0 ] && return
	say "installing Debian packages: ${missing[*]}"
	local as_root=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "packages are missing and this is neither root nor a machine with sudo"
		as_root=(sudo)
	fi
	"${as_root[@]}" apt-get update -q
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# build_tree DIRECTORY [CMAKE OPTION...]: false when it fails
build_tree() {
	local directory=$1
	shift
	say "building $directory"
	cmake -S . -B "$directory" -G Ninja "$@" >"$directory.configure.log" 2>&1 || {
		cat "$directory.configure.log"
		return 1
	}
	rm -f "$directory.configure.log"
	cmake --build "$directory" -j "$JOBS" -- --quiet
}
