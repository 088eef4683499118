/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The file preload_config in the folder of rsockets' settings. A line says
 *
 *     program domain type protocol
 *
 * for a kind of sockets that is carried, with "*" for any: inet or inet6, stream or dgram, tcp or
 * udp. A # begins a comment.
 */
#include "librdmacm/preload/next.h"

#include "librdmacm/preload/config.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_RULES = 64 };

static struct config_rule rules[MAX_RULES];
static unsigned int rule_count;
static bool have_file;

struct word {
	const char *name;
	int value;
};

static const struct word domains[] = {{"*", -1}, {"inet", AF_INET}, {"inet6", AF_INET6}, {NULL, 0}};
static const struct word types[] = {
	{"*", -1}, {"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {NULL, 0}};
static const struct word protocols[] = {
	{"*", -1}, {"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {NULL, 0}};

static bool find(const struct word *words, const char *name, int *value)
{
	for (; words->name; words++)
		if (!strcmp(words->name, name)) {
			*value = words->value;
			return true;
		}
	return false;
}

bool config_parse(const char *line, struct config_rule *rule)
{
	char domain[16], type[16], protocol[16];
	size_t length = strcspn(line, "#\n");
	char text[256];

	if (length >= sizeof(text))
		return false;
	memcpy(text, line, length);
	text[length] = '\0';
	return sscanf(text, "%63s %15s %15s %15s", rule->program, domain, type, protocol) == 4 &&
	       find(domains, domain, &rule->domain) && find(types, type, &rule->type) &&
	       find(protocols, protocol, &rule->protocol);
}

static bool fits(int rule, int value)
{
	return rule == -1 || rule == value;
}

bool config_matches(const struct config_rule *rule, const char *program, int domain, int type,
		    int protocol)
{
	return (!strcmp(rule->program, "*") || !strcmp(rule->program, program)) &&
	       fits(rule->domain, domain) && fits(rule->type, type) &&
	       fits(rule->protocol, protocol);
}

static void read_file(void)
{
	FILE *file = fopen(RSOCKET_CONFIG_FOLDER "/preload_config", "re");
	char line[256];

	if (!file)
		return;
	have_file = true;
	while (rule_count < MAX_RULES && fgets(line, sizeof(line), file))
		if (config_parse(line, &rules[rule_count]))
			rule_count++;
	fclose(file);
}

bool config_wants(int domain, int type, int protocol)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if ((domain != AF_INET && domain != AF_INET6) ||
	    (kind != SOCK_STREAM && kind != SOCK_DGRAM))
		return false;
	if (!protocol)
		protocol = kind == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	pthread_once(&once, read_file);
	if (!have_file)
		return protocol == IPPROTO_TCP;
	for (unsigned int i = 0; i < rule_count; i++)
		if (config_matches(&rules[i], program_invocation_short_name, domain, kind,
				   protocol))
			return true;
	return false;
}
