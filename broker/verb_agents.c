/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `admit` and `revoke`: who may speak. */

#include <inttypes.h>
#include <string.h>

#include "base/nearest.h"
#include "broker/verbs.h"
#include "proto/describe.h"

#define PUBLIC_LINE "coldgate-ed25519-curve "

enum { LINE_BYTES_MAX = 4096 };

static int find_role(const char *word, Role *ret_role, Fault *fault) {
        int role = word_find(&words_ROLE, slice_text(word));
        const char *names[_ROLE_MAX];

        if (role >= 0) {
                *ret_role = (Role)role;
                return 0;
        }
        for (size_t i = 0; i < _ROLE_MAX; i++)
                names[i] = word_of(&words_ROLE, (int)i);
        fault_set(fault, "argument-value", "there is no role `%s`", word);
        nearest_suggest(slice_text(word), names, _ROLE_MAX, fault);
        return ERRAND_E_REFUSED;
}

static int read_public_key(const char *line_or_file, PublicKey *ret_key, Fault *fault) {
        cleanup_buf Buf bytes = BUF_INIT(LINE_BYTES_MAX);
        bool is_line = strncmp(line_or_file, PUBLIC_LINE, strlen(PUBLIC_LINE)) == 0;
        int r = is_line ? 0 : errand_read_file(line_or_file, LINE_BYTES_MAX, &bytes, fault);

        if (r != 0)
                return r;
        r = public_key_parse(is_line ? slice_text(line_or_file) : buf_get(&bytes), ret_key, fault);
        if (r == 0)
                return 0;
        if (!is_line)
                fault_place(fault, "%s", line_or_file);
        return ERRAND_E_REFUSED;
}

/* "admitted ada as adversary: entry 7, key 0123…" */
static void say(const Errand *errand, const char *done, const char *role, uint64_t seq,
                const char *key_id) {
        cleanup_buf Buf text = BUF_TEXT;
        const char *name = errand->args->rest[0];

        if (errand->is_json) {
                buf_printf(&text, "{\"version\":1,\"%s\":{\"name\":", done);
                describe_json_string(slice_text(name), &text);
                if (role)
                        buf_printf(&text, ",\"role\":\"%s\",\"key\":\"%s\"", role, key_id);
                buf_printf(&text, ",\"seq\":%" PRIu64 "}}\n", seq);
        } else if (role) {
                buf_printf(&text, "%s %s as %s: entry %" PRIu64 ", key %s\n", done, name, role, seq,
                           key_id);
        } else {
                buf_printf(&text, "%s %s: entry %" PRIu64 "\n", done, name, seq);
        }
        errand_print(&text);
}

static int admit(Errand *errand, Fault *reterr_fault) {
        Message message = {.type = MESSAGE_ADMIT};
        char id[KEY_ID_HEX + 1];
        PublicKey key;
        uint64_t seq;
        int r = find_role(errand->args->rest[1], &message.admit.role, reterr_fault);

        if (r == 0)
                r = read_public_key(errand->args->rest[2], &key, reterr_fault);
        if (r != 0)
                return r;
        message.admit.name = slice_text(errand->args->rest[0]);
        message.admit.key = slice_make(&key, sizeof key);
        message.admit.replaces = args_has(errand->args, "replace");
        message_set_present(&message);
        r = errand_say(errand, &message, &seq, reterr_fault);
        if (r != 0)
                return r;
        public_key_id(&key, id);
        say(errand, "admitted", errand->args->rest[1], seq, id);
        return 0;
}

static int revoke(Errand *errand, Fault *reterr_fault) {
        const char *why = args_get(errand->args, "why");
        Message message = {
                .type = MESSAGE_REVOKE,
                .revoke = {.name = slice_text(errand->args->rest[0]), .why = slice_text(why)},
        };
        uint64_t seq;
        int r;

        if (!why || !why[0]) {
                fault_set(reterr_fault, "option-missing", "a revocation has a reason");
                fault_next(reterr_fault, "broker revoke %s --why 'key lost'",
                           errand->args->rest[0]);
                return ERRAND_E_REFUSED;
        }
        message_set_present(&message);
        r = errand_say(errand, &message, &seq, reterr_fault);
        if (r != 0)
                return r;
        say(errand, "revoked", NULL, seq, NULL);
        return 0;
}

int verb_admit(const Args *args) {
        return errand_run(args, admit);
}

int verb_revoke(const Args *args) {
        return errand_run(args, revoke);
}
