/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libsodium's hashes behind our names. */

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/mem.h"

static_assert(sizeof(Hasher) >= sizeof(crypto_hash_sha256_state), "a Hasher holds sodium's state");

static crypto_hash_sha256_state *state_of(Hasher *hasher) {
        return (crypto_hash_sha256_state *)(void *)hasher->opaque;
}

void hash_start(Hasher *hasher) {
        crypto_hash_sha256_init(state_of(hasher));
}

void hash_add(Hasher *hasher, const void *data, size_t n) {
        crypto_hash_sha256_update(state_of(hasher), data, n);
}

void hash_add_u64(Hasher *hasher, uint64_t number) {
        uint8_t bytes[8];

        for (int i = 0; i < 8; i++)
                bytes[i] = (uint8_t)(number >> (56 - 8 * i));
        hash_add(hasher, bytes, sizeof bytes);
}

void hash_add_field(Hasher *hasher, Slice field) {
        hash_add_u64(hasher, field.n);
        hash_add(hasher, field.data, field.n);
}

void hash_finish(Hasher *hasher, Hash *ret_hash) {
        crypto_hash_sha256_final(state_of(hasher), ret_hash->bytes);
}

void hash_of(Slice bytes, Hash *ret_hash) {
        crypto_hash_sha256(ret_hash->bytes, bytes.data, bytes.n);
}

void hash512_of(Slice bytes, uint8_t ret_hash[HASH512_BYTES]) {
        crypto_hash_sha512(ret_hash, bytes.data, bytes.n);
}

bool hash_equal(const Hash *a, const Hash *b) {
        return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

bool hash_from_slice(Slice slice, Hash *ret_hash) {
        if (slice.n != HASH_BYTES)
                return false;
        memcpy(ret_hash->bytes, slice.data, HASH_BYTES);
        return true;
}

Slice hash_slice(const Hash *hash) {
        return slice_make(hash->bytes, HASH_BYTES);
}

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

        return sodium_base642bin(ret_bytes, n, (const char *)text.data, text.n, NULL, &n_decoded,
                                 NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
               n_decoded == n;
}
