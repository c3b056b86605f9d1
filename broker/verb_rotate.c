/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `rotate-key`: the broker signs with another key, while no broker runs. */

#include <inttypes.h>

#include "base/error.h"
#include "broker/io.h"
#include "broker/verbs.h"

static int rotate(Errand *errand, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        cleanup_buf Buf text = BUF_TEXT;
        char id[KEY_ID_HEX + 1];
        uint64_t seq = 0;
        PublicKey now;
        int r = io_open(&errand->project, &io, reterr_fault);

        if (r == 0)
                r = io_rotate(io, &seq, &now, reterr_fault);
        errand_advise_stop(reterr_fault, "rotate-key");
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        public_key_id(&now, id);
        if (errand->is_json)
                buf_printf(&text,
                           "{\"version\":1,\"rotated\":{\"entry\":%" PRIu64 ",\"key\":\"%s\"}}\n",
                           seq, id);
        else
                buf_printf(
                        &text,
                        "the broker's key is %s: entry %" PRIu64 " says so\n"
                        "  the former one is kept as keys/broker.old-N, for backups of its time\n"
                        "  next: keep a copy of keys/broker; broker backup; broker run\n",
                        id, seq);
        errand_print(&text);
        return 0;
}

int verb_rotate_key(const Args *args) {
        return errand_run(args, rotate);
}
