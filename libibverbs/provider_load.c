/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where provider files come from, in this order: the folder libibverbs/ beside the library itself,
 * which serves the in-place build and every installation that was moved as a whole; the folder it
 * was configured for; the names in *.driver files; the names in the environment. A provider
 * registers itself while it is loaded.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libibverbs/library.h"

static void load_file(const char *path)
{
	if (!dlopen(path, RTLD_NOW | RTLD_LOCAL))
		verbs_warn("provider not loaded: %s", dlerror());
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(name + len - suffix_len, suffix);
}

static int is_provider(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "lib", 3) && ends_with(entry->d_name, VERBS_PROVIDER_SUFFIX);
}

static int is_driver_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && ends_with(entry->d_name, ".driver");
}

/* In the order of names, so that what happens does not depend on the file system. */
static void for_each_file(const char *folder, int (*filter)(const struct dirent *),
			  void (*use)(const char *path))
{
	struct dirent **entries;
	char path[PATH_MAX];
	int count = scandir(folder, &entries, filter, alphasort);

	if (count < 0 && errno != ENOENT)
		verbs_warn("%s: %s", folder, strerror(errno));
	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) <
		    (int)sizeof(path))
			use(path);
		free(entries[i]);
	}
	free(entries);
}

static bool own_folder(char *folder, size_t size)
{
	char resolved[PATH_MAX];
	Dl_info self;
	char *slash;

	if (!dladdr((const void *)(uintptr_t)&verbs_register_provider, &self) ||
	    !realpath(self.dli_fname, resolved))
		return false;
	slash = strrchr(resolved, '/');
	*slash = '\0';
	return snprintf(folder, size, "%s/libibverbs", resolved) < (int)size;
}

/* A bare NAME goes through the loader's own search path; a name with a slash is the file itself. */
static void load_name(const char *name)
{
	char file[NAME_MAX];

	if (strchr(name, '/')) {
		load_file(name);
		return;
	}
	if (snprintf(file, sizeof(file), "lib%s" VERBS_PROVIDER_SUFFIX, name) < (int)sizeof(file))
		load_file(file);
}

static bool in_folder(const char *folder, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/lib%s" VERBS_PROVIDER_SUFFIX, folder, name);
	return !strchr(name, '/') && !access(path, R_OK);
}

/* Lines "driver NAME"; empty ones and what follows a # do not count. */
static void read_driver_file(const char *path)
{
	char own[PATH_MAX], *line = NULL, *rest, *word, *name;
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file) {
		verbs_warn("%s: %s", path, strerror(errno));
		return;
	}
	if (!own_folder(own, sizeof(own)))
		own[0] = '\0';
	while (getline(&line, &size, file) >= 0) {
		line[strcspn(line, "#\n")] = '\0';
		word = strtok_r(line, " \t", &rest);
		if (!word)
			continue;
		name = strtok_r(NULL, " \t", &rest);
		if (strcmp(word, "driver") || !name)
			verbs_warn("%s: not a line \"driver NAME\": %s", path, word);
		else if (!in_folder(own, name) && !in_folder(OV_INSTALL_PROVIDER_DIR, name))
			load_name(name);
	}
	free(line);
	fclose(file);
}

static void load_from_environment(void)
{
	const char *names = secure_getenv("IBV_DRIVERS");
	char *copy, *rest, *name;

	if (!names)
		names = secure_getenv("RDMAV_DRIVERS");
	copy = names ? strdup(names) : NULL;
	if (!copy)
		return;
	for (name = strtok_r(copy, ":;", &rest); name; name = strtok_r(NULL, ":;", &rest))
		load_name(name);
	free(copy);
}

static void load_all(void)
{
	char own[PATH_MAX];

	if (own_folder(own, sizeof(own)))
		for_each_file(own, is_provider, load_file);
	for_each_file(OV_INSTALL_PROVIDER_DIR, is_provider, load_file);
	for_each_file(OV_INSTALL_CONFIG_DIR, is_driver_file, read_driver_file);
	load_from_environment();
}

void provider_load_all(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_all);
}
