/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reasons of failures, from libraries that give them; see explain.h. */
#include <dlfcn.h>
#include <stdio.h>

#include <infiniband/verbs_explain.h>

#include "explain.h"

const char *tool_explanation(int err)
{
	__typeof__(&ibv_explain_last_errno) last_errno =
		dlsym(RTLD_DEFAULT, "ibv_explain_last_errno");
	__typeof__(&ibv_explain_last_error) last_error =
		dlsym(RTLD_DEFAULT, "ibv_explain_last_error");

	return last_errno && last_error && last_errno() == err ? last_error() : NULL;
}

void tool_explain_wc(const struct ibv_wc *wc, char *text, size_t size)
{
	__typeof__(&ibv_explain_wc) explain_wc = dlsym(RTLD_DEFAULT, "ibv_explain_wc");

	if (explain_wc)
		explain_wc(wc, text, size);
	else
		snprintf(text, size,
			 "a request on QP %#x failed: %s (status %d, vendor syndrome %#x)",
			 wc->qp_num, ibv_wc_status_str(wc->status), wc->status, wc->vendor_err);
}
