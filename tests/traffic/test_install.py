# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`cmake --install` puts everything where a distribution puts it, and it works from there."""

import os
import subprocess

import pytest

import harness

pytestmark = pytest.mark.needs("softhca")

PROGRAM = r"""
#include <infiniband/verbs.h>
#include <stdio.h>
int main(void)
{
	int count = 0;
	struct ibv_device **list = ibv_get_device_list(&count);
	struct ibv_context *context = count == 1 ? ibv_open_device(list[0]) : NULL;

	if (!context)
		return 1;
	printf("opened %s\n", ibv_get_device_name(list[0]));
	ibv_close_device(context);
	ibv_free_device_list(list);
	return 0;
}
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    path = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", str(harness.BUILD), "--prefix", str(path)], check=True,
                   stdout=subprocess.DEVNULL)
    return path


def find(prefix, name):
    found = list(prefix.rglob(name))
    assert len(found) == 1, "%s: %s" % (name, found)
    return found[0]


def test_nothing_is_missing(prefix):
    for name in ("libibverbs.so.1", "libmlx5.so.1", "libmlx5-ov1.so", "libsofthca-shim.so",
                 "COPYING", "verbs.h", "mlx5dv.h", "libibverbs.pc", "libmlx5.pc", "softhca", "ibv_devinfo",
                 "ibv_rc_pingpong", "softhca.1", "ibv_devinfo.1"):
        assert find(prefix, name).stat().st_size > 0


def test_program_built_with_pkg_config_runs(prefix, tmp_path, fabric):
    if harness.SANITIZED:
        pytest.skip("a program without sanitizers cannot load libraries with them")
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text(PROGRAM)
    libraries = find(prefix, "libibverbs.so.1").parent
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libibverbs"], check=True,
                           text=True, stdout=subprocess.PIPE,
                           env={**os.environ, "PKG_CONFIG_PATH": str(libraries / "pkgconfig")})
    assert str(prefix) in flags.stdout
    subprocess.run(["cc", "-o", str(program), str(source), *flags.stdout.split()], check=True)
    result = fabric.run([str(program)], environment={"LD_LIBRARY_PATH": str(libraries)},
                        softhca=find(prefix, "softhca"))
    assert "opened mlx5_0" in result.ok().output


def test_in_place_build_and_installed_programs_share_a_fabric(prefix, fabric):
    if harness.SANITIZED:
        pytest.skip("the shim of a sanitized build wants the sanitizer's runtime first")
    libraries = find(prefix, "libibverbs.so.1").parent
    loaded = fabric.run("ldd %s" % find(prefix, "ibv_devinfo"),
                        environment={"LD_LIBRARY_PATH": str(libraries)}).ok()
    assert str(libraries / "libibverbs.so.1") in loaded.output
    command = str(find(prefix, "ibv_rc_pingpong")) + " -c"
    fabric.pair(command, "%s/ibv_rc_pingpong -c" % harness.OWN,
                environment={"LD_LIBRARY_PATH": str(libraries)})
