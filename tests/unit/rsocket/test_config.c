/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an administrator's files say, and what does not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "librdmacm/rsocket/config.h"

static const char *const names[] = {"polling_time",   "wake_up_interval", "inline_default",
				    "sqsize_default", "rqsize_default",	  "mem_default",
				    "wmem_default",   "iomap_size"};

static char folder[] = "/tmp/rsocket-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void without_files_there_are_defaults(void **state)
{
	struct rs_config config;

	(void)state;
	rs_config_read(&config, "/nonexistent");
	assert_int_equal(config.polling_time_us, 10);
	assert_int_equal(config.wake_up_interval_ms, 5000);
	assert_int_equal(config.inline_size, 64);
	assert_int_equal(config.sq_size, 384);
	assert_int_equal(config.rq_size, 384);
	assert_int_equal(config.receive_buffer, 1 << 17);
	assert_int_equal(config.send_buffer, 1 << 17);
	assert_int_equal(config.iomap_size, 0);
}

static void each_file_is_one_number(void **state)
{
	struct rs_config config;
	char text[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "%d\n", 2000 + i);
		put(names[i], text);
	}
	rs_config_read(&config, folder);
	assert_int_equal(config.polling_time_us, 2000);
	assert_int_equal(config.wake_up_interval_ms, 2001);
	assert_int_equal(config.inline_size, 2002);
	assert_int_equal(config.sq_size, 2003);
	assert_int_equal(config.rq_size, 2004);
	assert_int_equal(config.receive_buffer, 2005);
	assert_int_equal(config.send_buffer, 2006);
	assert_int_equal(config.iomap_size, 2007);
}

static void what_is_no_number_does_not_count(void **state)
{
	struct rs_config config;

	(void)state;
	put("polling_time", "soon");
	put("wake_up_interval", "");
	put("inline_default", "-5");
	put("sqsize_default", "12x");
	put("rqsize_default", " 77 \n\n");
	put("mem_default", "1");		  /* less than the least */
	put("wmem_default", "99999999999999999"); /* more than the most */
	put("iomap_size", "0x10");
	rs_config_read(&config, folder);
	assert_int_equal(config.polling_time_us, 10);
	assert_int_equal(config.wake_up_interval_ms, 5000);
	assert_int_equal(config.inline_size, 64);
	assert_int_equal(config.sq_size, 384);
	assert_int_equal(config.rq_size, 77);
	assert_int_equal(config.receive_buffer, RS_MIN_BUFFER);
	assert_int_equal(config.send_buffer, RS_MAX_BUFFER);
	assert_int_equal(config.iomap_size, 0);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_files_there_are_defaults),
		cmocka_unit_test(each_file_is_one_number),
		cmocka_unit_test(what_is_no_number_does_not_count),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
