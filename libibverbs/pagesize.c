/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Page sizes from /proc/self/smaps: a line "start-end ..." per mapping, then "KernelPageSize: N
 * kB". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "libibverbs/pagesize.h"

size_t pagesize_of_range(uintptr_t start, uintptr_t end, size_t base_page_size)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	size_t largest = base_page_size, room = 0, kib;
	uintptr_t from = 0, to = 0;
	char *line = NULL;

	if (!file)
		return largest;
	while (getline(&line, &room, file) >= 0) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			continue;
		if (sscanf(line, "KernelPageSize: %zu kB", &kib) != 1)
			continue;
		if (from < end && to > start && kib * 1024 > largest)
			largest = kib * 1024;
	}
	free(line);
	fclose(file);
	return largest;
}
