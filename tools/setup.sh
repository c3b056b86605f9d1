# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The coldgate authors
# shellcheck shell=bash
#
# The one set-up step of ./demo and ./check, sourced by both: installs what is missing from Debian's
# packages and builds. Idempotent; says what it does.

build_packages=(gcc libc6-dev meson ninja-build pkg-config git ca-certificates openssh-client python3
	libzmq3-dev libmsgpack-dev libcurl4-openssl-dev libexpat1-dev libsqlite3-dev libsodium-dev nettle-dev libcmark-dev
	libyaml-dev libpcre2-dev libgit2-dev libseccomp-dev libjansson-dev)
check_packages=(clang clang-format clang-tidy libclang-rt-14-dev openssl sqlite3 mandoc python3-jsonschema
	python3-yaml nodejs nginx postgresql-15 iproute2 nftables valgrind)

# For one worked plan and for examples/proxy-headroom. Beside another container engine they may not be
# had (their runtimes displace each other): then these are skipped, and say so.
wished_packages=(podman runc netavark iptables iproute2 busybox-static)

# Servers that ./bench compares the broker with; each is left out if it may not be had.
bench_packages=(redis-server rabbitmq-server nats-server mosquitto)

say() {
	printf '%s\n' "== $*"
}

# Debian starts services when it installs them, and at the next boot. Only their programs are wanted.
quiet_services=(nginx postgresql redis-server rabbitmq-server epmd nats-server mosquitto)

# install_quietly PACKAGE…, as root: nothing is started, no database cluster is made, no service that
# came along is left enabled, and nothing that is there is removed for it.
install_quietly() (
	set -eu
	guard=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/none.conf made=() new=()
	trap 'rm -f "${made[@]}"' EXIT
	for service in "${quiet_services[@]}"; do
		[ -e "/etc/init.d/$service" ] || [ -e "/lib/systemd/system/$service.service" ] || new+=("$service")
	done
	if [ ! -e "$guard" ]; then
		made+=("$guard")
		printf '#!/bin/sh\nexit 101\n' >"$guard"
		chmod 755 "$guard"
	fi
	if [[ " $* " == *" postgresql-"* ]]; then
		made+=("$cluster")
		mkdir -p "${cluster%/*}"
		echo 'create_main_cluster = false' >"$cluster"
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove "$@" >/dev/null
	for service in "${new[@]}"; do
		[ ! -e "/etc/init.d/$service" ] || update-rc.d "$service" disable
		for unit in "$service.service" "$service.socket"; do
			[ ! -e "/lib/systemd/system/$unit" ] || DPKG_MAINTSCRIPT_PACKAGE=coldgate deb-systemd-helper disable "$unit"
		done
	done
)

# setup_packages PACKAGE…: installs those that are missing, as root or by sudo; otherwise prints the
# one command to type and ends with 3, "could not be carried out".
setup_packages() {
	local package missing=()
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
			missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	say "installing from Debian: ${missing[*]}"
	if [ "$(id -u)" -eq 0 ]; then
		install_quietly "${missing[@]}"
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		sudo bash -c "$(declare -p quiet_services); $(declare -f install_quietly); install_quietly \"\$@\"" \
			bash "${missing[@]}"
	else
		printf 'These packages are missing. Type this, then start again:\n\n  sudo apt-get install %s\n' \
			"${missing[*]}" >&2
		exit 3
	fi
}

# setup_wished PACKAGE…: the same, but all goes on without them.
setup_wished() {
	(setup_packages "$@")
	[ $? -eq 0 ] || say "going on without $*"
}

# The programs, without their tests.
program_targets=(broker/broker builder-agent/builder-agent adversary-agent/adversary-agent lib/sandbox/sandbox-runner)

# What setup_build builds; empty: everything.
setup_targets=()

# setup_build DIRECTORY MESON-OPTION…: configures once, builds what changed. gold links hundreds of tests
# in half of the time.
setup_build() {
	local dir=$1
	shift
	command -v ld.gold >/dev/null && local -x CC_LD=${CC_LD-gold}
	if [ ! -f "$dir/build.ninja" ]; then
		say "configuring $dir ${*:+($*)}"
		meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
			cat "$dir.log" >&2
			exit 3
		}
		mv "$dir.log" "$dir/setup.log"
	fi
	say "building $dir"
	ninja -C "$dir" "${setup_targets[@]}" >"$dir/build.log" 2>&1 || {
		tail -n 40 "$dir/build.log" >&2
		return 1
	}
}
