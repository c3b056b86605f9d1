/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A value is known by its first four bytes in a table, so that the cost depends on the text and
 * hardly on the number of secrets.
 */

#include "verify/secrets.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"

enum {
        FILE_BYTES_MAX = 1 << 18,
        WINDOW = 12, /* of a longer value, any so many bytes in a row */
        KEY_BYTES = 4,
};

typedef struct Needle {
        uint8_t *bytes;
        size_t n;
        struct Needle *next; /* in its slot */
} Needle;

static size_t slot_of(const uint8_t *bytes) {
        uint32_t key;

        memcpy(&key, bytes, KEY_BYTES);
        return (key * UINT32_C(2654435761)) >> 18;
}

static void add_needle(Secrets *secrets, Slice bytes) {
        Needle **slot = &secrets->slots[slot_of(bytes.data)];
        Needle *needle;

        for (const Needle *known = *slot; known; known = known->next)
                if (known->n == bytes.n && memcmp(known->bytes, bytes.data, bytes.n) == 0)
                        return;
        needle = arena_alloc(&secrets->arena, sizeof *needle);
        needle->bytes = arena_alloc(&secrets->arena, bytes.n);
        memcpy(needle->bytes, bytes.data, bytes.n);
        needle->n = bytes.n;
        needle->next = *slot;
        *slot = needle;
}

static void add_form(Secrets *secrets, Slice form) {
        if (form.n < WINDOW) {
                if (form.n >= KEY_BYTES)
                        add_needle(secrets, form);
                return;
        }
        for (size_t i = 0; i + WINDOW <= form.n; i++)
                add_needle(secrets, slice_make(form.data + i, WINDOW));
}

/* In a longer text the secret's base64 begins at any of three places of a group; the characters
 * that also depend on its neighbours are left out. */
static void add_base64(Secrets *secrets, Slice secret, const char *last_two) {
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789";

        for (size_t shift = 0; shift < 3; shift++) {
                cleanup_buf Buf form = BUF_INIT(2 * SECRET_BYTES_MAX);
                size_t n_bits = 8 * secret.n;

                for (size_t bit = (6 - 8 * shift % 6) % 6; bit + 6 <= n_bits; bit += 6) {
                        unsigned pair = (unsigned)secret.data[bit / 8] << 8 |
                                        (bit / 8 + 1 < secret.n ? secret.data[bit / 8 + 1] : 0u);
                        unsigned six = pair >> (10 - bit % 8) & 63u;

                        buf_byte(&form, (uint8_t)(six < 62 ? alphabet[six] : last_two[six - 62]));
                }
                add_form(secrets, buf_get(&form));
        }
}

static void add_hex(Secrets *secrets, Slice secret, const char *digits) {
        cleanup_buf Buf form = BUF_INIT(2 * SECRET_BYTES_MAX);

        for (size_t i = 0; i < secret.n; i++) {
                buf_byte(&form, (uint8_t)digits[secret.data[i] >> 4]);
                buf_byte(&form, (uint8_t)digits[secret.data[i] & 15]);
        }
        add_form(secrets, buf_get(&form));
}

static void add_percent(Secrets *secrets, Slice secret, const char *digits, const char *plain) {
        cleanup_buf Buf form = BUF_INIT(3 * SECRET_BYTES_MAX);

        for (size_t i = 0; i < secret.n; i++) {
                uint8_t byte = secret.data[i];

                if (isalnum(byte) || (byte && strchr(plain, byte))) {
                        buf_byte(&form, byte);
                        continue;
                }
                buf_byte(&form, '%');
                buf_byte(&form, (uint8_t)digits[byte >> 4]);
                buf_byte(&form, (uint8_t)digits[byte & 15]);
        }
        add_form(secrets, buf_get(&form));
}

/* What was made visible before it came here, as a text or as a name. */
static void add_visible(Secrets *secrets, Slice secret) {
        cleanup_buf Buf text = BUF_TEXT, name = BUF_TEXT;

        text_make_visible(secret, false, &text);
        text_make_name_visible(secret, &name);
        add_form(secrets, buf_get(&text));
        add_form(secrets, buf_get(&name));
}

static void add_secret(Secrets *secrets, Slice secret) {
        static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

        add_form(secrets, secret);
        add_visible(secrets, secret);
        add_base64(secrets, secret, "+/");
        add_base64(secrets, secret, "-_");
        add_hex(secrets, secret, lower);
        add_hex(secrets, secret, upper);
        add_percent(secrets, secret, lower, "-._~");
        add_percent(secrets, secret, upper, "-._~");
        add_percent(secrets, secret, upper, "-._~/:");
}

static int refuse(const char *file, size_t line, const char *found, Fault *reterr_fault) {
        fault_set(reterr_fault, "secrets-file", "%s", found);
        if (line)
                fault_place(reterr_fault, "%s:%zu", file, line);
        else
                fault_place(reterr_fault, "%s", file);
        fault_next(reterr_fault, "a secret a line, 8 to 1024 bytes, in a file of mode 0600");
        return SECRETS_E_REFUSED;
}

int secrets_read(Secrets *secrets, const char *file, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES_MAX);
        struct stat about;
        size_t n_secrets = 0, line = 0;
        Slice rest;

        if (stat(file, &about) < 0)
                return refuse(file, 0, strerror(errno), reterr_fault);
        if (!S_ISREG(about.st_mode) || (about.st_mode & 077))
                return refuse(file, 0, "others than its owner may read it", reterr_fault);
        if (file_read(file, &text) != 0)
                return refuse(file, 0, "it cannot be read, or is larger than 256 KiB",
                              reterr_fault);
        rest = buf_get(&text);
        while (rest.n) {
                const uint8_t *end = memchr(rest.data, '\n', rest.n);
                Slice secret = slice_head(rest, end ? (size_t)(end - rest.data) : rest.n);

                rest = slice_from(rest, secret.n + (end ? 1 : 0));
                line++;
                if (secret.n == 0 || secret.data[0] == '#')
                        continue;
                if (secret.n < SECRET_BYTES_LEAST || secret.n > SECRET_BYTES_MAX)
                        return refuse(file, line, "it is too short or too long to be told apart",
                                      reterr_fault);
                if (++n_secrets > SECRETS_MAX)
                        return refuse(file, line, "there are more than 256", reterr_fault);
                add_secret(secrets, secret);
        }
        return 0;
}

size_t secrets_match(const Secrets *secrets, Slice rest) {
        size_t longest = 0;

        if (rest.n < KEY_BYTES)
                return 0;
        for (const Needle *needle = secrets->slots[slot_of(rest.data)]; needle;
             needle = needle->next)
                if (needle->n <= rest.n && needle->n > longest &&
                    memcmp(needle->bytes, rest.data, needle->n) == 0)
                        longest = needle->n;
        return longest;
}

void secrets_deinit(Secrets *secrets) {
        arena_deinit(&secrets->arena);
}
