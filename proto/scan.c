/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* msgpack's heads as rows, and a walk over one object that keeps only a count for each level. */

#include "proto/scan.h"

/* A head whose first byte carries its value in the low bits, by the high four of it. */
static const struct {
        uint8_t first;
        ScanKind kind;
} short_forms[] = {
        {0x00, SCAN_UINT}, {0x00, SCAN_UINT},  {0x00, SCAN_UINT}, {0x00, SCAN_UINT},
        {0x00, SCAN_UINT}, {0x00, SCAN_UINT},  {0x00, SCAN_UINT}, {0x00, SCAN_UINT},
        {0x80, SCAN_MAP},  {0x90, SCAN_ARRAY}, {0xa0, SCAN_TEXT}, {0xa0, SCAN_TEXT},
};

/* A head with its value behind it, by its first byte from LONG_FIRST on; a value below `least` has
 * a shorter form. No bytes: not canonical. */
enum { LONG_FIRST = 0xc4 };

static const struct {
        ScanKind kind;
        size_t n_bytes;
        uint64_t least;
} long_forms[] = {
        [0xc4 - LONG_FIRST] = {SCAN_BYTES, 1, 0},
        [0xc5 - LONG_FIRST] = {SCAN_BYTES, 2, UINT64_C(1) << 8},
        [0xc6 - LONG_FIRST] = {SCAN_BYTES, 4, UINT64_C(1) << 16},
        [0xcc - LONG_FIRST] = {SCAN_UINT, 1, UINT64_C(1) << 7},
        [0xcd - LONG_FIRST] = {SCAN_UINT, 2, UINT64_C(1) << 8},
        [0xce - LONG_FIRST] = {SCAN_UINT, 4, UINT64_C(1) << 16},
        [0xcf - LONG_FIRST] = {SCAN_UINT, 8, UINT64_C(1) << 32},
        [0xd9 - LONG_FIRST] = {SCAN_TEXT, 1, UINT64_C(1) << 5},
        [0xda - LONG_FIRST] = {SCAN_TEXT, 2, UINT64_C(1) << 8},
        [0xdb - LONG_FIRST] = {SCAN_TEXT, 4, UINT64_C(1) << 16},
        [0xdc - LONG_FIRST] = {SCAN_ARRAY, 2, UINT64_C(1) << 4},
        [0xdd - LONG_FIRST] = {SCAN_ARRAY, 4, UINT64_C(1) << 16},
        [0xde - LONG_FIRST] = {SCAN_MAP, 2, UINT64_C(1) << 4},
        [0xdf - LONG_FIRST] = {SCAN_MAP, 4, UINT64_C(1) << 16},
};

static int read_long(Slice bytes, size_t form, ScanHead *ret_head) {
        uint64_t value = 0;

        if (bytes.n - 1 < long_forms[form].n_bytes)
                return SCAN_E_TRUNCATED;
        for (size_t i = 1; i <= long_forms[form].n_bytes; i++)
                value = value << 8 | bytes.data[i];
        if (value < long_forms[form].least)
                return SCAN_E_FORBIDDEN;
        *ret_head = (ScanHead){
                .kind = long_forms[form].kind,
                .value = value,
                .n_bytes = long_forms[form].n_bytes + 1,
        };
        return 0;
}

int scan_head(Slice bytes, ScanHead *ret_head) {
        uint8_t first;
        size_t form;

        if (!bytes.n)
                return SCAN_E_TRUNCATED;
        first = bytes.data[0];
        if (first >> 4 < ARRAY_SIZE(short_forms)) {
                *ret_head = (ScanHead){
                        .kind = short_forms[first >> 4].kind,
                        .value = (uint64_t)first - short_forms[first >> 4].first,
                        .n_bytes = 1,
                };
                return 0;
        }
        form = (size_t)first - LONG_FIRST; /* wraps around below it */
        if (form < ARRAY_SIZE(long_forms) && long_forms[form].n_bytes)
                return read_long(bytes, form, ret_head);
        return SCAN_E_FORBIDDEN;
}

/* How many objects (ARRAY, MAP) or bytes (TEXT, BYTES) must follow; each object has one byte at
 * least, so that in both cases fewer bytes than that are too few. */
static uint64_t n_to_follow(const ScanHead *head) {
        switch (head->kind) {
        case SCAN_UINT: return 0;
        case SCAN_TEXT:
        case SCAN_BYTES:
        case SCAN_ARRAY: return head->value;
        case SCAN_MAP: return head->value * 2;
        }
        return 0;
}

int scan_object(Slice bytes, size_t *ret_n_bytes) {
        uint64_t n_left[SCAN_DEPTH_MAX];
        Slice rest = bytes;
        size_t depth = 0;

        do {
                ScanHead head;
                int r = scan_head(rest, &head);
                bool is_container;
                uint64_t n;

                if (r)
                        return r;
                rest = slice_from(rest, head.n_bytes);
                n = n_to_follow(&head);
                if (n > rest.n)
                        return SCAN_E_TRUNCATED;
                is_container = head.kind == SCAN_ARRAY || head.kind == SCAN_MAP;
                if (is_container && depth == SCAN_DEPTH_MAX)
                        return SCAN_E_TOO_DEEP;
                if (is_container && n) {
                        n_left[depth++] = n;
                        continue;
                }
                rest = slice_from(rest, n);
                while (depth && --n_left[depth - 1] == 0)
                        depth--;
        } while (depth);
        *ret_n_bytes = bytes.n - rest.n;
        return 0;
}

int scan_frame(Slice frame) {
        size_t n_bytes;
        int r = frame.n ? scan_object(frame, &n_bytes) : SCAN_E_EMPTY;

        if (r != 0)
                return r;
        return n_bytes < frame.n ? SCAN_E_TRAILING : 0;
}

const char *scan_reason(int condition) {
        switch (condition) {
        case SCAN_E_TRUNCATED: return "declares more than there is";
        case SCAN_E_TRAILING: return "has bytes behind its end";
        case SCAN_E_TOO_DEEP: return "is nested too deeply";
        case SCAN_E_FORBIDDEN: return "holds a value of a kind or length that is not canonical";
        case SCAN_E_EMPTY: return "is empty";
        default: return "is in order";
        }
}
