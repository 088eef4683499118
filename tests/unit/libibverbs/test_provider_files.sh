#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Provider files: a good one is used, a missing or unfit one is named with its reason when asked, and
# never otherwise. Arguments: the program that lists devices, the folder with the provider files.
list=$1
files=$2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir -p "$tree/class/infiniband_verbs/uverbs0" "$tree/class/infiniband/test_0"
echo 6 >"$tree/class/infiniband_verbs/abi_version"
echo test_0 >"$tree/class/infiniband_verbs/uverbs0/ibdev"
echo 231:192 >"$tree/class/infiniband_verbs/uverbs0/dev"
echo 1 >"$tree/class/infiniband_verbs/uverbs0/abi_version"
echo "1: CA" >"$tree/class/infiniband/test_0/node_type"
export SYSFS_PATH="$tree"
unset IBV_SHOW_WARNINGS RDMAV_DRIVERS

fail() {
	echo "FAILED: $1"
	echo "output: $output"
	exit 1
}

# expect DESCRIPTION PATTERN: the output holds a line with the pattern.
expect() {
	echo "$output" | grep -q -- "$2" || fail "$1"
}

output=$(IBV_DRIVERS="$files/libtest_good-ov1.so" "$list" 2>&1)
[ "$output" = test_0 ] || fail "a good provider file is used without a word"

output=$(IBV_DRIVERS="$files/libtest_old-ov1.so:/no/such/file" "$list" 2>&1)
[ -z "$output" ] || fail "without IBV_SHOW_WARNINGS nothing is said"

output=$(IBV_SHOW_WARNINGS=1 IBV_DRIVERS="$files/libtest_old-ov1.so" "$list" 2>&1)
expect "a provider of another release is named" "provider test_old speaks interface [0-9]*, this library"
expect "the device without a provider is named" "test_0: no provider"

output=$(IBV_SHOW_WARNINGS=1 IBV_DRIVERS="nosuch" "$list" 2>&1)
expect "a missing provider is named" "libnosuch-ov1.so"

echo 2 >"$tree/class/infiniband_verbs/uverbs0/abi_version"
output=$(IBV_SHOW_WARNINGS=1 IBV_DRIVERS="$files/libtest_good-ov1.so" "$list" 2>&1)
expect "a provider that does not know the driver's ABI is named" "ABI is 2, provider test_good"

rm "$tree/class/infiniband_verbs/abi_version"
output=$("$list" 2>&1) && fail "a kernel without RDMA is an error"
expect "the error is ENOSYS" "not implemented"
echo "all good"
