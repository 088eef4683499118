/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walking through vectors of buffers. */
#include "librdmacm/rsocket/socket.h"

/* The next stretch, at most `length` bytes of it, which the cursor passes. */
static void *step(struct rs_cursor *cursor, size_t length, size_t *stretch)
{
	void *at;

	while (cursor->offset == cursor->iov->iov_len) {
		cursor->iov++;
		cursor->offset = 0;
	}
	*stretch = cursor->iov->iov_len - cursor->offset;
	if (*stretch > length)
		*stretch = length;
	at = (uint8_t *)cursor->iov->iov_base + cursor->offset;
	cursor->offset += *stretch;
	return at;
}

void rs_cursor_copy_out(struct rs_cursor *from, void *to, size_t length)
{
	for (size_t stretch; length; length -= stretch, to = (uint8_t *)to + stretch) {
		const void *at = step(from, length, &stretch);

		memcpy(to, at, stretch);
	}
}

void rs_cursor_copy_in(struct rs_cursor *to, const void *from, size_t length)
{
	for (size_t stretch; length; length -= stretch, from = (const uint8_t *)from + stretch) {
		void *at = step(to, length, &stretch);

		memcpy(at, from, stretch);
	}
}
