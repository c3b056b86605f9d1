/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* SHA-256, SHA-512, randomness, and the texts of bytes: hex and base64. Homes of
 * nettle's and libsodium's hashing. */

#include "base/buf.h"
#include "base/slice.h"

enum { HASH_BYTES = 32, HASH_HEX = 64, HASH512_BYTES = 64 };

typedef struct Hash {
        uint8_t bytes[HASH_BYTES];
} Hash;

/* A hash in the making. */
typedef struct Hasher {
        uint64_t opaque[16];
} Hasher;

void hash_start(Hasher *hasher);
void hash_add(Hasher *hasher, const void *data, size_t n);
/* An unambiguous field: 8 bytes of big-endian length, then the bytes. */
void hash_add_field(Hasher *hasher, Slice field);
void hash_add_u64(Hasher *hasher, uint64_t number);
void hash_finish(Hasher *hasher, Hash *ret_hash);

void hash_of(Slice bytes, Hash *ret_hash);
void hash512_of(Slice bytes, uint8_t ret_hash[HASH512_BYTES]);
bool hash_equal(const Hash *a, const Hash *b);
bool hash_from_slice(Slice slice, Hash *ret_hash);
Slice hash_slice(const Hash *hash);

void random_bytes(void *data, size_t n);

/* Lower-case hex, NUL-terminated; `ret_text` has 2 * n + 1 bytes. */
void hex_encode(Slice bytes, char *ret_text);
void hex_append(Buf *text, Slice bytes);
/* Exactly `n` bytes from 2 * n lower-case hex digits; false on anything else. */
bool hex_decode(Slice text, uint8_t *ret_bytes, size_t n);
void base64_append(Buf *text, Slice bytes);
/* Strict standard base64 with padding, exactly `n` bytes. */
bool base64_decode(Slice text, uint8_t *ret_bytes, size_t n);
