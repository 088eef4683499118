/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The language of fault specifications. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/fabric/fault.h"
#include "softhca/fabric/segment.h"
#include "util/clock.h"

#define CERTAIN (1ull << 32)

enum { WORD_CHARS = 64 };

/* "1%" or "0.01", up to certainty. */
static bool parse_chance(const char *text, uint64_t *chance)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text)
		return false;
	if (*end == '%') {
		value /= 100;
		end++;
	}
	if (*end || !(value >= 0 && value <= 1))
		return false;
	*chance = (uint64_t)(value * (double)CERTAIN);
	return true;
}

static bool parse_delay(const char *text, struct fault_spec *spec)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	char *end;
	double value = strtod(text, &end);
	size_t length = strcspn(end, ":");

	spec->delay = CERTAIN;
	if (end == text || !(value >= 0) ||
	    (end[length] && !parse_chance(end + length + 1, &spec->delay)))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) != length || strncmp(end, units[i].name, length) != 0)
			continue;
		if (value * units[i].ns > 60e9)
			return false;
		spec->delay_ns = (uint64_t)(value * units[i].ns);
		return true;
	}
	return false;
}

static bool parse_seed(const char *text, uint64_t *seed)
{
	char *end;

	errno = 0;
	*seed = strtoull(text, &end, 0);
	return end != text && !*end && !errno && *text != '-';
}

static int parse_word(char *word, struct fault_spec *spec, char *reason, size_t reason_size)
{
	char *value = strchr(word, '=');
	bool good;

	if (!value)
		return fabric_explain(reason, reason_size, EINVAL,
				      "fault \"%s\": write it as name=value", word);
	*value++ = '\0';
	if (strcmp(word, "drop") == 0)
		good = parse_chance(value, &spec->drop);
	else if (strcmp(word, "dup") == 0)
		good = parse_chance(value, &spec->duplicate);
	else if (strcmp(word, "reorder") == 0)
		good = parse_chance(value, &spec->reorder);
	else if (strcmp(word, "corrupt") == 0)
		good = parse_chance(value, &spec->corrupt);
	else if (strcmp(word, "delay") == 0)
		good = parse_delay(value, spec);
	else if (strcmp(word, "seed") == 0)
		good = parse_seed(value, &spec->seed);
	else
		return fabric_explain(reason, reason_size, EINVAL,
				      "fault \"%s\" is unknown: there are drop, dup, reorder, "
				      "delay, corrupt and seed",
				      word);
	if (good)
		return 0;
	return fabric_explain(reason, reason_size, EINVAL,
			      "fault %s=%s: not a value for it; chances are like 1%% or 0.01, up "
			      "to 100%%, delays like 2ms or 2ms:10%%, up to 60s",
			      word, value);
}

int fault_spec_parse(const char *text, struct fault_spec *spec, char *reason, size_t reason_size)
{
	char word[WORD_CHARS];
	int error;

	memset(spec, 0, sizeof(*spec));
	spec->seed = 1;
	if (strlen(text) >= SEGMENT_FAULT_CHARS)
		return fabric_explain(reason, reason_size, EINVAL,
				      "fault specification of %zu characters: %d are the limit",
				      strlen(text), SEGMENT_FAULT_CHARS - 1);
	for (;;) {
		size_t length = strcspn(text, ",");

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		error = parse_word(word, spec, reason, reason_size);
		if (error || text[length] == '\0')
			return error;
		text += length + 1;
	}
}
