/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Facts that have a name: headers, a certificate, files. */

#include "plan/judging.h"

#include <strings.h>

/* Several of one name are one list (RFC 9110, 5.3). */
static bool header_find(Judging *judging, Slice *ret_value) {
        cleanup_buf Buf text = BUF_TEXT;
        Slice name = judging->expectation->name;
        size_t n_found = 0;

        for (size_t i = 0; i < judging->observed->n_headers; i++) {
                const ObservedHeader *header = &judging->observed->headers[i];

                if (header->name.n != name.n || strncasecmp((const char *)header->name.data,
                                                            (const char *)name.data, name.n) != 0)
                        continue;
                buf_text(&text, n_found++ ? ", " : "");
                buf_slice(&text, header->value);
        }
        *ret_value = arena_slice(judging->arena, buf_get(&text));
        return n_found > 0;
}

void judge_header(Judging *judging) {
        ObservedStream stream = {.is_cut = false};

        if (header_find(judging, &stream.head))
                judge_stream(judging, &stream);
        else
                judging_find_nothing(judging, "(absent)");
}

static void judge_fact_text(Judging *judging, Slice text) {
        ObservedStream stream = {.head = text};

        judge_stream(judging, &stream);
}

void judge_certificate(Judging *judging) {
        const ObservedCertificate *certificate = &judging->observed->certificate;
        uint64_t now = judging->observed->now_ms;
        Slice fact = judging->expectation->name;

        if (!certificate->is_there)
                judging_find_nothing(judging, "(no certificate)");
        else if (slice_is(fact, "subject"))
                judge_fact_text(judging, certificate->subject);
        else if (slice_is(fact, "issuer"))
                judge_fact_text(judging, certificate->issuer);
        else if (slice_is(fact, "names"))
                judge_fact_text(judging, certificate->names);
        else if (slice_is(fact, "sha256"))
                judge_fact_text(judging, certificate->sha256);
        else if (slice_is(fact, "expires-in"))
                judge_duration(judging, (int64_t)(certificate->not_after_ms - now));
        else if (slice_is(fact, "valid"))
                judge_flag(judging,
                           certificate->not_before_ms <= now && now <= certificate->not_after_ms);
}

static void judge_mode(Judging *judging, unsigned mode) {
        judge_fact_text(judging, slice_text(arena_printf(judging->arena, "%04o", mode & 07777)));
}

static void judge_sha256(Judging *judging, const Hash *hash) {
        cleanup_buf Buf text = BUF_TEXT;

        hex_append(&text, hash_slice(hash));
        judge_fact_text(judging, arena_slice(judging->arena, buf_get(&text)));
}

void judge_file(Judging *judging, const ObservedFile *file, Subject fact) {
        bool is_there = file && file->exists;

        if (fact == SUBJECT_EXISTS)
                judge_flag(judging, is_there);
        else if (!is_there)
                judging_find_nothing(judging, "(absent)");
        else if (fact == SUBJECT_MODE)
                judge_mode(judging, file->mode);
        else if (!file->is_regular)
                judging_find_nothing(judging, "(not a regular file)");
        else if (fact == SUBJECT_SIZE)
                judge_size(judging, file->size);
        else if (fact == SUBJECT_SHA256)
                judge_sha256(judging, &file->sha256);
        else
                judge_stream(judging, &file->content);
}

void judge_files(Judging *judging) {
        const ObservedFile *file = NULL;
        Subject fact = SUBJECT_CONTENT;

        for (size_t i = 0; i < judging->observed->n_files; i++)
                if (slice_equal(judging->observed->files[i].path, judging->expectation->name))
                        file = &judging->observed->files[i];
        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                if ((subject_rows[i].checks & OF_FILE) &&
                    slice_is(judging->expectation->fact, subject_rows[i].word))
                        fact = (Subject)i;
        judge_file(judging, file, fact);
}
