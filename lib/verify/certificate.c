/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libcurl prints OpenSSL's words. */

#include "verify/certificate.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"

static void set_text(char *text, size_t n_max, Slice value) {
        size_t n = size_min(value.n, n_max - 1);

        if (n)
                memcpy(text, value.data, n);
        text[n] = 0;
}

/* "CN = a" and "CN=a" are one name to two versions of OpenSSL. */
static void set_name(char *text, Slice value) {
        cleanup_buf Buf name = BUF_INIT(CERTIFICATE_TEXT_BYTES);

        while (value.n) {
                size_t n = slice_find(value, slice_text(" = "));

                buf_slice(&name, slice_head(value, n));
                buf_text(&name, n < value.n ? "=" : "");
                value = slice_from(value, n + 3);
        }
        set_text(text, CERTIFICATE_TEXT_BYTES, buf_get(&name));
}

static void add_subject(CertificateFacts *facts, Slice value) {
        set_name(facts->subject, value);
}

static void add_issuer(CertificateFacts *facts, Slice value) {
        set_name(facts->issuer, value);
}

/* "DNS:a, IP Address:::1" becomes a line each, without its kind where that is one of names. */
static void add_names(CertificateFacts *facts, Slice value) {
        static const char *const kinds[] = {"DNS:", "IP Address:"};
        size_t n = 0;

        while (value.n) {
                size_t n_name = slice_find(value, slice_text(", "));
                Slice name = slice_head(value, n_name);

                value = slice_from(value, n_name + 2);
                for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                        if (slice_is(slice_head(name, strlen(kinds[i])), kinds[i]))
                                name = slice_from(name, strlen(kinds[i]));
                if (n + name.n + 2 > sizeof facts->names)
                        break;
                memcpy(facts->names + n, name.data, name.n);
                n += name.n;
                facts->names[n++] = '\n';
        }
        facts->names[n] = 0;
}

/* "Nov 21 15:26:00 2026 GMT" */
static uint64_t read_time(Slice value) {
        cleanup_free char *text = mem_strndup((const char *)value.data, value.n);
        struct tm parts = {.tm_sec = 0};
        time_t seconds;

        if (!strptime(text, "%b %d %H:%M:%S %Y", &parts))
                return 0;
        seconds = timegm(&parts);
        return seconds > 0 ? (uint64_t)seconds * 1000 : 0;
}

static void add_start(CertificateFacts *facts, Slice value) {
        facts->not_before_ms = read_time(value);
}

static void add_end(CertificateFacts *facts, Slice value) {
        facts->not_after_ms = read_time(value);
}

static Slice between(Slice text, const char *before, const char *after) {
        Slice rest = slice_from(text, slice_find(text, slice_text(before)) + strlen(before));

        return slice_head(rest, slice_find(rest, slice_text(after)));
}

/* The digest is that of the bytes behind the armour. */
static void add_bytes(CertificateFacts *facts, Slice value) {
        Slice armour = between(value, "-----BEGIN CERTIFICATE-----", "-----END");
        cleanup_free char *text = mem_alloc(armour.n + 1);
        cleanup_free uint8_t *bytes = mem_alloc(armour.n + 1);
        size_t n = 0, n_padding = 0, n_bytes;

        for (size_t i = 0; i < armour.n; i++) {
                if (armour.data[i] <= ' ')
                        continue;
                n_padding += armour.data[i] == '=';
                text[n++] = (char)armour.data[i];
        }
        if (n < 4 || n % 4 || n_padding > 2)
                return;
        n_bytes = n / 4 * 3 - n_padding;
        facts->is_there = base64_decode(slice_make(text, n), bytes, n_bytes);
        if (facts->is_there)
                hash_of(slice_make(bytes, n_bytes), &facts->sha256);
}

void certificate_add(CertificateFacts *facts, Slice line) {
        static const struct {
                const char *name;
                void (*add)(CertificateFacts *facts, Slice value);
        } rows[] = {
                {"Subject:", add_subject},  {"Issuer:", add_issuer},
                {"Start date:", add_start}, {"Expire date:", add_end},
                {"Cert:", add_bytes},       {"X509v3 Subject Alternative Name:", add_names},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (slice_is(slice_head(line, strlen(rows[i].name)), rows[i].name))
                        rows[i].add(facts, slice_from(line, strlen(rows[i].name)));
}
