/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What was given on the command line, typed; and how it is refused. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/text.h"
#include "base/utf8.h"

/* The first of each half, less what stands in the code's upper bits (0x10000 >> 10). */
enum { SURROGATE_HIGH = 0xd800 - 0x40, SURROGATE_LOW = 0xdc00 };

const char *args_get(const Args *args, const char *name) {
        for (size_t i = args->n_options; i-- > 0;)
                if (strcmp(args->options[i].row->name, name) == 0)
                        return args->options[i].value;
        return NULL;
}

const char *args_get_nth(const Args *args, const char *name, size_t i) {
        for (size_t k = 0; k < args->n_options; k++)
                if (strcmp(args->options[k].row->name, name) == 0 && i-- == 0)
                        return args->options[k].value;
        return NULL;
}

bool args_has(const Args *args, const char *name) {
        return args_get(args, name) != NULL;
}

int args_get_duration(const Args *args, const char *name, uint64_t fallback_ms, uint64_t *ret_ms,
                      Fault *reterr_fault) {
        const char *value = args_get(args, name);

        if (!value) {
                *ret_ms = fallback_ms;
                return 0;
        }
        if (duration_parse(slice_text(value), ret_ms) == 0)
                return 0;
        fault_set(reterr_fault, "option-value", "--%s %s is not a duration", name, value);
        fault_next(reterr_fault, "write a number and a unit: 250ms, 30s, 5m, 24h, 7d");
        return ARGS_E_REFUSED;
}

int args_get_number(const Args *args, const char *name, uint64_t fallback, uint64_t least,
                    uint64_t most, uint64_t *ret_number, Fault *reterr_fault) {
        const char *value = args_get(args, name);
        char *end = NULL;
        unsigned long long number;

        if (!value) {
                *ret_number = fallback;
                return 0;
        }
        number = strtoull(value, &end, 10);
        if (value[0] >= '0' && value[0] <= '9' && *end == 0 && number >= least && number <= most) {
                *ret_number = number;
                return 0;
        }
        fault_set(reterr_fault, "option-value", "--%s %s: wanted a number from %llu to %llu", name,
                  value, (unsigned long long)least, (unsigned long long)most);
        return ARGS_E_REFUSED;
}

/* JSON's escapes are UTF-16: what does not fit into one is written as two. */
static void json_hidden(Buf *text, uint32_t code) {
        if (code <= UINT16_MAX)
                buf_printf(text, "\\u%04x", (unsigned)code);
        else
                buf_printf(text, "\\u%04x\\u%04x", (unsigned)(SURROGATE_HIGH + (code >> 10)),
                           (unsigned)(SURROGATE_LOW + (code & 0x3ff)));
}

/* What was typed need not be UTF-8, which JSON is. */
static void json_string(Buf *text, const char *string) {
        Slice rest = slice_text(string);

        buf_text(text, "\"");
        while (rest.n) {
                uint32_t code = 0;
                size_t n = utf8_read(rest, &code);

                if (n == 0)
                        buf_text(text, "\\ufffd");
                else if (code == '"' || code == '\\')
                        buf_printf(text, "\\%c", (char)code);
                else if (text_is_hidden(code))
                        json_hidden(text, code);
                else
                        buf_append(text, rest.data, n);
                rest = slice_from(rest, size_max(n, 1));
        }
        buf_text(text, "\"");
}

int args_refuse(const Args *args, const Fault *fault, int status) {
        cleanup_buf Buf text = BUF_TEXT;

        if (args_has(args, "json")) {
                buf_text(&text, "{\"version\":1,\"refused\":{\"rule\":");
                json_string(&text, fault->rule ? fault->rule : "fault");
                buf_text(&text, ",\"place\":");
                json_string(&text, fault->place);
                buf_text(&text, ",\"found\":");
                json_string(&text, fault->found);
                buf_text(&text, ",\"next\":");
                json_string(&text, fault->next);
                buf_printf(&text, "},\"exit\":%d}", status);
                puts(buf_get_text(&text));
                buf_clear(&text);
        }
        fault_describe(fault, &text);
        (void)fprintf(stderr, "%s: %s", args->program->name, buf_get_text(&text));
        return status;
}
