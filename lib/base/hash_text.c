/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libsodium's, apart from the hashes: the sandbox's runner hashes and needs none of this. */

#include "base/hash.h"

#include <stdlib.h>

#include <sodium.h>

#include "base/mem.h"

void random_bytes(void *data, size_t n) {
        randombytes_buf(data, n);
}

void hex_encode(Slice bytes, char *ret_text) {
        sodium_bin2hex(ret_text, bytes.n * 2 + 1, bytes.data, bytes.n);
}

void hex_append(Buf *text, Slice bytes) {
        cleanup_free char *hex = mem_alloc(bytes.n * 2 + 1);

        hex_encode(bytes, hex);
        buf_text(text, hex);
}

bool hex_decode(Slice text, uint8_t *ret_bytes, size_t n) {
        size_t n_decoded;

        if (text.n != n * 2)
                return false;
        for (size_t i = 0; i < text.n; i++)
                if (text.data[i] >= 'A' && text.data[i] <= 'F')
                        return false;
        return sodium_hex2bin(ret_bytes, n, (const char *)text.data, text.n, NULL, &n_decoded,
                              NULL) == 0 &&
               n_decoded == n;
}

void base64_append(Buf *text, Slice bytes) {
        size_t n = sodium_base64_encoded_len(bytes.n, sodium_base64_VARIANT_ORIGINAL);
        cleanup_free char *encoded = mem_alloc(n);

        sodium_bin2base64(encoded, n, bytes.data, bytes.n, sodium_base64_VARIANT_ORIGINAL);
        buf_text(text, encoded);
}

bool base64_decode(Slice text, uint8_t *ret_bytes, size_t n) {
        size_t n_decoded;

        for (size_t i = 0; i < text.n; i++)
                if (text.data[i] & 0x80) /* which libsodium takes for one of its characters */
                        return false;
        return sodium_base642bin(ret_bytes, n, (const char *)text.data, text.n, NULL, &n_decoded,
                                 NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
               n_decoded == n;
}
