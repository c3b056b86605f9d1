/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "verbs/agent.h"

#include "base/text.h"
#include "proto/describe.h"
#include "verbs/talk.h"
#include "view/status_parts.h"

const OptionRow agent_findings_options[] = {
        {"phase", "P", "As the argument."},
        {"all", NULL, "Closed ones too."},
        {"key", "FILE",
         "The secret key to speak with (default: that of the role in .coldgate/keys)."},
        {NULL, NULL, NULL},
};

typedef struct Listing {
        bool is_json, with_closed;
        size_t n;
        Buf text;
} Listing;

static void listing_deinit(Listing *listing) {
        buf_deinit(&listing->text);
}

/* The phase is a member beside those of the finding. */
static void add_json(Listing *listing, Slice phase, const struct finding_status *finding) {
        cleanup_buf Buf object = BUF_TEXT;

        describe_record_json(RECORD_FINDING_STATUS, finding, &object);
        buf_text(&listing->text, listing->n ? ",{\"phase\":" : "{\"phase\":");
        describe_json_string(phase, &listing->text);
        buf_text(&listing->text, ",");
        buf_slice(&listing->text, slice_from(buf_get(&object), 1));
}

static void add_phase(Listing *listing, const struct phase_status *phase) {
        bool has_head = false;

        for (size_t i = 0; i < phase->n_findings; i++) {
                const struct finding_status *finding = &phase->findings[i];

                if (finding->state == FINDING_STATE_CLOSED && !listing->with_closed)
                        continue;
                if (listing->is_json) {
                        add_json(listing, phase->phase, finding);
                } else {
                        if (!has_head) {
                                buf_text(&listing->text, "phase ");
                                text_make_visible(phase->phase, false, &listing->text);
                                buf_text(&listing->text, "\n");
                        }
                        buf_text(&listing->text, finding->is_blocking ? "  [ ] " : "  [x] ");
                        finding_describe(finding, &listing->text);
                }
                has_head = true;
                listing->n++;
        }
}

static int findings(Talk *talk, Fault *reterr_fault) {
        cleanup(listing_deinit) Listing listing = {
                .is_json = talk->is_json,
                .with_closed = args_has(talk->args, "all"),
                .text = BUF_TEXT,
        };
        cleanup_arena Arena arena = ARENA_INIT;
        struct status status;
        int r = talk_connect(talk, reterr_fault);

        if (r == 0)
                r = talk_ask_status(talk, talk_get_phase(talk->args), &arena, &status,
                                    reterr_fault);
        if (r != 0)
                return r;
        if (talk->is_json)
                buf_text(&listing.text, "{\"version\":1,\"findings\":[");
        for (size_t i = 0; i < status.n_phases; i++)
                add_phase(&listing, &status.phases[i]);
        if (talk->is_json)
                buf_text(&listing.text, "]}\n");
        else if (listing.n == 0)
                buf_text(&listing.text, "no finding is open\n");
        talk_print(&listing.text);
        return 0;
}

int agent_findings(const Args *args) {
        return talk_run(args, findings);
}
