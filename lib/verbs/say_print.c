/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a saying became, from the row's sentence. */

#include <string.h>

#include "base/text.h"
#include "proto/describe.h"
#include "proto/label.h"
#include "verbs/say.h"

static void append_items(const FieldSpec *field, const void *body, Buf *text) {
        size_t n = field_count(field, body);

        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? ", " : "");
                text_make_visible(field_texts(field, body)[i], false, text);
        }
        if (n == 0)
                buf_printf(text, "all %s", field->name);
}

static void append_field(const Say *say, Slice name, uint64_t seq, Buf *text) {
        const MessageSpec *spec = message_spec(say->row->type);
        const void *body = message_body_const(&say->message);
        const FieldSpec *field = NULL;

        for (size_t i = 0; i < spec->body.n_fields; i++)
                if (slice_is(name, spec->body.fields[i].name))
                        field = &spec->body.fields[i];
        if (slice_is(name, "name"))
                label_format(slice_text(spec->body.name), seq, text);
        else if (!field)
                buf_printf(text, "%llu", (unsigned long long)seq); /* {seq} */
        else if (field->kind == FIELD_TEXTS)
                append_items(field, body, text);
        else if (field->kind == FIELD_TEXT)
                text_make_visible(field_slice(field, body), false, text);
        else
                describe_value(field, body, text);
}

void say_describe(const Say *say, uint64_t seq, Buf *text) {
        const char *rest = say->said;

        while (*rest) {
                size_t n = strcspn(rest, "{");
                size_t n_name = rest[n] ? strcspn(rest + n, "}") : 0;

                buf_slice(text, slice_make(rest, n));
                if (n_name)
                        append_field(say, slice_make(rest + n + 1, n_name - 1), seq, text);
                rest += n + (n_name ? n_name + 1 : 0);
        }
        buf_text(text, "\n");
}

void say_describe_json(const Say *say, uint64_t seq, Buf *text) {
        const char *kind = message_name(say->row->type);
        cleanup_buf Buf body = BUF_TEXT;

        describe_json(&say->message, &body); /* an object with a member at least */
        buf_printf(text, "{\"version\":1,\"%s\":{\"seq\":%llu,\"name\":\"", kind,
                   (unsigned long long)seq);
        label_format(slice_text(kind), seq, text);
        buf_text(text, "\",");
        buf_slice(text, slice_from(buf_get(&body), 1));
        buf_text(text, "}\n");
}
