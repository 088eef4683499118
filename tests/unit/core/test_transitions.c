/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every transition of every type, with every attribute left out and every attribute too many. The
 * expectations are written out as IBTA vol. 1 tabulates them (and ibv_modify_qp documents them).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "softhca/core/internal.h"

struct expectation {
	const char *type;
	const char *from, *to;
	const char *required, *optional;
};

static const struct expectation table[] = {
	{"RC", "RESET", "INIT", "PKEY_INDEX PORT ACCESS_FLAGS", ""},
	{"UC", "RESET", "INIT", "PKEY_INDEX PORT ACCESS_FLAGS", ""},
	{"UD", "RESET", "INIT", "PKEY_INDEX PORT QKEY", ""},
	{"RC", "INIT", "INIT", "", "PKEY_INDEX PORT ACCESS_FLAGS"},
	{"UC", "INIT", "INIT", "", "PKEY_INDEX PORT ACCESS_FLAGS"},
	{"UD", "INIT", "INIT", "", "PKEY_INDEX PORT QKEY"},
	{"RC", "INIT", "RTR", "AV PATH_MTU DEST_QPN RQ_PSN MAX_DEST_RD_ATOMIC MIN_RNR_TIMER",
	 "ALT_PATH ACCESS_FLAGS PKEY_INDEX"},
	{"UC", "INIT", "RTR", "AV PATH_MTU DEST_QPN RQ_PSN", "ALT_PATH ACCESS_FLAGS PKEY_INDEX"},
	{"UD", "INIT", "RTR", "", "PKEY_INDEX QKEY"},
	{"RC", "RTR", "RTS", "SQ_PSN TIMEOUT RETRY_CNT RNR_RETRY MAX_QP_RD_ATOMIC",
	 "CUR_STATE ACCESS_FLAGS MIN_RNR_TIMER ALT_PATH PATH_MIG_STATE"},
	{"UC", "RTR", "RTS", "SQ_PSN", "CUR_STATE ACCESS_FLAGS ALT_PATH PATH_MIG_STATE"},
	{"UD", "RTR", "RTS", "SQ_PSN", "CUR_STATE QKEY"},
	{"RC", "RTS", "RTS", "", "CUR_STATE ACCESS_FLAGS MIN_RNR_TIMER ALT_PATH PATH_MIG_STATE"},
	{"UC", "RTS", "RTS", "", "CUR_STATE ACCESS_FLAGS ALT_PATH PATH_MIG_STATE"},
	{"UD", "RTS", "RTS", "", "CUR_STATE QKEY"},
	{"RC", "RTS", "SQD", "", "EN_SQD_ASYNC_NOTIFY"},
	{"UC", "RTS", "SQD", "", "EN_SQD_ASYNC_NOTIFY"},
	{"UD", "RTS", "SQD", "", "EN_SQD_ASYNC_NOTIFY"},
	{"RC", "SQD", "SQD", "",
	 "AV PORT TIMEOUT RETRY_CNT RNR_RETRY MAX_QP_RD_ATOMIC MAX_DEST_RD_ATOMIC ALT_PATH "
	 "ACCESS_FLAGS PKEY_INDEX MIN_RNR_TIMER PATH_MIG_STATE"},
	{"UC", "SQD", "SQD", "", "AV ALT_PATH ACCESS_FLAGS PKEY_INDEX PATH_MIG_STATE"},
	{"UD", "SQD", "SQD", "", "PKEY_INDEX QKEY"},
	{"RC", "SQD", "RTS", "", "CUR_STATE ACCESS_FLAGS MIN_RNR_TIMER ALT_PATH PATH_MIG_STATE"},
	{"UC", "SQD", "RTS", "", "CUR_STATE ACCESS_FLAGS ALT_PATH PATH_MIG_STATE"},
	{"UD", "SQD", "RTS", "", "CUR_STATE QKEY"},
	{"UC", "SQE", "RTS", "", "CUR_STATE ACCESS_FLAGS"},
	{"UD", "SQE", "RTS", "", "CUR_STATE QKEY"},
	/* As UD, except that the port may be left out. */
	{"SMI", "RESET", "INIT", "PKEY_INDEX QKEY", "PORT"},
	{"SMI", "INIT", "INIT", "", "PKEY_INDEX PORT QKEY"},
	{"SMI", "INIT", "RTR", "", "PKEY_INDEX QKEY"},
	{"SMI", "RTR", "RTS", "SQ_PSN", "CUR_STATE QKEY"},
	{"SMI", "RTS", "RTS", "", "CUR_STATE QKEY"},
	{"SMI", "RTS", "SQD", "", "EN_SQD_ASYNC_NOTIFY"},
	{"SMI", "SQD", "SQD", "", "PKEY_INDEX QKEY"},
	{"SMI", "SQD", "RTS", "", "CUR_STATE QKEY"},
	{"SMI", "SQE", "RTS", "", "CUR_STATE QKEY"},
	{"GSI", "RESET", "INIT", "PKEY_INDEX QKEY", "PORT"},
	{"GSI", "INIT", "INIT", "", "PKEY_INDEX PORT QKEY"},
	{"GSI", "INIT", "RTR", "", "PKEY_INDEX QKEY"},
	{"GSI", "RTR", "RTS", "SQ_PSN", "CUR_STATE QKEY"},
	{"GSI", "RTS", "RTS", "", "CUR_STATE QKEY"},
	{"GSI", "RTS", "SQD", "", "EN_SQD_ASYNC_NOTIFY"},
	{"GSI", "SQD", "SQD", "", "PKEY_INDEX QKEY"},
	{"GSI", "SQD", "RTS", "", "CUR_STATE QKEY"},
	{"GSI", "SQE", "RTS", "", "CUR_STATE QKEY"},
};

/* By bit of the kernel's attribute mask; holes are reserved. */
static const char *const attributes[] = {
	[1] = "CUR_STATE",
	[2] = "EN_SQD_ASYNC_NOTIFY",
	[3] = "ACCESS_FLAGS",
	[4] = "PKEY_INDEX",
	[5] = "PORT",
	[6] = "QKEY",
	[7] = "AV",
	[8] = "PATH_MTU",
	[9] = "TIMEOUT",
	[10] = "RETRY_CNT",
	[11] = "RNR_RETRY",
	[12] = "RQ_PSN",
	[13] = "MAX_QP_RD_ATOMIC",
	[14] = "ALT_PATH",
	[15] = "MIN_RNR_TIMER",
	[16] = "SQ_PSN",
	[17] = "MAX_DEST_RD_ATOMIC",
	[18] = "PATH_MIG_STATE",
	[19] = "CAP",
	[20] = "DEST_QPN",
	[25] = "RATE_LIMIT",
};

static const char *const states[] = {"RESET", "INIT", "RTR", "RTS", "SQD", "SQE", "ERR"};
static const struct {
	const char *name;
	enum qp_type type;
} types[] = {{"RC", QP_TYPE_RC},
	     {"UC", QP_TYPE_UC},
	     {"UD", QP_TYPE_UD},
	     {"SMI", QP_TYPE_SMI},
	     {"GSI", QP_TYPE_GSI}};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

static uint32_t parse(const char *words)
{
	uint32_t mask = 0;
	char copy[256], *next, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
		uint32_t before = mask;

		for (unsigned int bit = 0; bit < sizeof(attributes) / sizeof(attributes[0]); bit++)
			if (attributes[bit] && !strcmp(attributes[bit], word))
				mask |= 1u << bit;
		assert_int_not_equal(mask, before);
	}
	return mask;
}

static const struct expectation *find(const char *type, const char *from, const char *to)
{
	static const struct expectation bare = {"", "", "", "", ""};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].type, type) && !strcmp(table[i].from, from) &&
		    !strcmp(table[i].to, to))
			return &table[i];
	return !strcmp(to, "RESET") || !strcmp(to, "ERR") ? &bare : NULL;
}

static void check(enum qp_type type, enum qp_state from, enum qp_state to,
		  const struct expectation *expected)
{
	uint32_t required = parse(expected->required), optional = parse(expected->optional);

	assert_true(qp_transition_allows(type, from, to, required));
	assert_true(qp_transition_allows(type, from, to, required | QP_STATE));
	assert_true(qp_transition_allows(type, from, to, required | optional));
	for (unsigned int bit = 1; bit < 32; bit++) {
		uint32_t one = 1u << bit;

		if (required & one)
			assert_false(qp_transition_allows(type, from, to, required & ~one));
		else
			assert_int_equal(qp_transition_allows(type, from, to, required | one),
					 (optional & one) != 0);
	}
}

static void every_transition_takes_its_attributes_and_no_others(void **state)
{
	unsigned int allowed = 0;

	(void)state;
	for (unsigned int t = 0; t < TYPES; t++) {
		for (unsigned int from = QP_RESET; from <= QP_ERR; from++) {
			for (unsigned int to = QP_RESET; to <= QP_ERR; to++) {
				const struct expectation *expected =
					find(types[t].name, states[from], states[to]);

				if (expected) {
					check(types[t].type, from, to, expected);
					allowed++;
				}
			}
		}
	}
	/* The rows above, and two states that each of seven can go to, for each type. */
	assert_int_equal(allowed, sizeof(table) / sizeof(table[0]) + 2 * 7 * TYPES);
}

static void transitions_that_are_not_in_the_table_are_refused(void **state)
{
	(void)state;
	for (unsigned int t = 0; t < TYPES; t++)
		for (unsigned int from = QP_RESET; from <= QP_ERR; from++)
			for (unsigned int to = QP_RESET; to <= QP_ERR; to++) {
				if (find(types[t].name, states[from], states[to]))
					continue;
				for (uint32_t mask = 0; mask < 1u << 21; mask += 0x1357)
					if (qp_transition_allows(types[t].type, from, to, mask))
						fail_msg("%s %s -> %s allowed with %#x",
							 types[t].name, states[from], states[to],
							 mask);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_transition_takes_its_attributes_and_no_others),
		cmocka_unit_test(transitions_that_are_not_in_the_table_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
