/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two ends with a connection manager each, on the wire of tests/unit/transport. End 0 connects to a
 * service of end 1; what either hears is kept.
 */
#ifndef TESTS_CM_ENDS_H
#define TESTS_CM_ENDS_H

#include "node.h"
#include "softhca/cm/cm.h"

enum { HEARD = 64 };

#define SERVICE 0x0000000001061234ull

/* An event, with a copy of its message. */
struct heard {
	enum cm_event_type type;
	bool has_message;
	struct cm_message message;
	uint8_t private[CM_MAX_PRIVATE];
	struct cm_source source;
};

struct end {
	struct cm *cm;
	struct cm_listener *listener;
	struct cm_connection *connection; /* the last one */
	struct cm_sidr *sidr;
	struct heard heard[HEARD];
	unsigned int num_heard, taken;
	/* Done from within an event of that type. */
	void (*on_event)(struct end *end, enum cm_event_type type);
};

extern struct end ends[2];

/* Fixtures: managers of both, and end 1 listens. */
int open_ends(void **state);
int open_ends_eth(void **state);
int close_ends(void **state);
#define CM_TEST(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

/* End 1, which has stopped listening, does so again. */
void listen_again(void);

/* A request that end 0 can make, a reply that end 1 can give, and RC's usual numbers. */
struct cm_req usual_request(void);
struct cm_rep usual_reply(void);

/* With these, or NULL for nothing. Their success is asserted. */
void connect_with(const struct cm_req *request, const struct cm_private *private);
void accept_with(const struct cm_rep *reply, const struct cm_private *private);
/* All the way; both have heard all that there is to hear, and it is forgotten. */
void establish(void);

/* For callbacks of the tests' own. */
void keep_heard(struct end *end, const struct cm_event *event);
/* The next event of an end is of this type; returns it. */
const struct heard *expect_heard(unsigned int end, enum cm_event_type type);
void expect_silence(unsigned int end);
enum cm_state state_of(unsigned int end);

/* The message in a packet; private data is good as long as that. */
struct cm_message message_of(const struct sent_packet *packet);
/* Messages of this type that an end has sent, by the packets on the wire. */
unsigned int sent(unsigned int end, enum cm_message_type type);
/* The n-th message that has been on the wire, decoded; private data is good until close. */
struct cm_message on_wire(unsigned int n);
/* Puts a message before an end as if the other one had sent it. */
void inject(unsigned int to, const struct cm_message *message);

#endif
