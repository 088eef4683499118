/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * write(): a header, the core part and the private part in one piece; the answer arrives in one
 * piece too, at an address that is part of the command. Lengths count 4-byte words, in extended
 * commands 8-byte words. For kernels that have nothing else.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libibverbs/cmd/carrier.h"

struct parcel {
	char *request;
	size_t request_len;
	char *answer;
	size_t answer_len;
	size_t private_at; /* where the driver's part of the answer begins */
};

static size_t round_up(size_t len, size_t word)
{
	return (len + word - 1) / word * word;
}

static size_t private_in_len(const struct command *command)
{
	return command->udata ? command->udata->in_len : 0;
}

static size_t private_out_len(const struct command *command)
{
	return command->udata ? command->udata->out_len : 0;
}

static void pack_bodies(const struct command *command, char *at, size_t private_at)
{
	if (command->in_len)
		memcpy(at, command->in, command->in_len);
	if (private_in_len(command))
		memcpy(at + private_at, command->udata->in, command->udata->in_len);
}

/* Core and private parts follow each other without a gap, so the core part sets the alignment. */
static int pack_classic(const struct command *command, struct parcel *parcel)
{
	struct ib_uverbs_cmd_hdr hdr = {.command = command->number};
	size_t len = sizeof(hdr) + command->in_len + private_in_len(command);
	size_t answer_len = command->out_len + private_out_len(command);
	uint64_t response;

	parcel->request_len = round_up(len, 4);
	parcel->answer_len = round_up(answer_len, 4);
	parcel->private_at = command->out_len;
	if (parcel->request_len / 4 > UINT16_MAX || parcel->answer_len / 4 > UINT16_MAX)
		return E2BIG;
	parcel->request = calloc(1, parcel->request_len);
	parcel->answer = calloc(1, parcel->answer_len + 1);
	if (!parcel->request || !parcel->answer)
		return ENOMEM;

	hdr.in_words = parcel->request_len / 4;
	hdr.out_words = parcel->answer_len / 4;
	memcpy(parcel->request, &hdr, sizeof(hdr));
	pack_bodies(command, parcel->request + sizeof(hdr), command->in_len);
	if (parcel->answer_len) {
		response = (uintptr_t)parcel->answer;
		memcpy(parcel->request + sizeof(hdr), &response, sizeof(response));
	}
	return 0;
}

static int pack_extended(const struct command *command, struct parcel *parcel)
{
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_ex_cmd_hdr ex;
	} head = {.hdr.command = command->number};
	size_t in = round_up(command->in_len, 8), private_in = round_up(private_in_len(command), 8);
	size_t out = round_up(command->out_len, 8);
	size_t private_out = round_up(private_out_len(command), 8);

	if ((in + private_in) / 8 > UINT16_MAX || (out + private_out) / 8 > UINT16_MAX)
		return E2BIG;
	parcel->request_len = sizeof(head) + in + private_in;
	parcel->answer_len = out + private_out;
	parcel->private_at = out;
	parcel->request = calloc(1, parcel->request_len);
	parcel->answer = calloc(1, parcel->answer_len + 1);
	if (!parcel->request || !parcel->answer)
		return ENOMEM;

	head.hdr.in_words = in / 8;
	head.hdr.out_words = out / 8;
	head.ex.provider_in_words = private_in / 8;
	head.ex.provider_out_words = private_out / 8;
	head.ex.response = parcel->answer_len ? (uintptr_t)parcel->answer : 0;
	memcpy(parcel->request, &head, sizeof(head));
	pack_bodies(command, parcel->request + sizeof(head), in);
	return 0;
}

static void unpack(const struct command *command, const struct parcel *parcel)
{
	if (command->out_len)
		memcpy(command->out, parcel->answer, command->out_len);
	if (private_out_len(command))
		memcpy(command->udata->out, parcel->answer + parcel->private_at,
		       command->udata->out_len);
}

static int send_parcel(int fd, const struct parcel *parcel)
{
	ssize_t sent = write(fd, parcel->request, parcel->request_len);

	if (sent < 0)
		return errno;
	/* The kernel takes a command whole or not at all. */
	return (size_t)sent == parcel->request_len ? 0 : EIO;
}

static int run_command(struct ibv_context *context, const struct command *command)
{
	struct parcel parcel = {};
	int err;

	if (command->number & IB_USER_VERBS_CMD_FLAG_EXTENDED)
		err = pack_extended(command, &parcel);
	else
		err = pack_classic(command, &parcel);
	if (!err)
		err = send_parcel(context->cmd_fd, &parcel);
	if (!err)
		unpack(command, &parcel);
	free(parcel.request);
	free(parcel.answer);
	return err;
}

static int run_method(struct ibv_context *context, struct verbs_ioctl *call)
{
	(void)context;
	return call->error ? call->error : EPROTONOSUPPORT;
}

const struct carrier write_carrier = {
	.name = "write",
	.command = run_command,
	.method = run_method,
};
