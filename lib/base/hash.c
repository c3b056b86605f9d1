/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* nettle's: in the processor's own instructions where there are some. libsodium's take four times
 * as long. */

#include "base/hash.h"

#include <assert.h>
#include <string.h>

#include <nettle/sha2.h>

static_assert(sizeof(Hasher) >= sizeof(struct sha256_ctx), "a Hasher holds nettle's state");

static struct sha256_ctx *state_of(Hasher *hasher) {
        return (struct sha256_ctx *)(void *)hasher->opaque;
}

void hash_start(Hasher *hasher) {
        sha256_init(state_of(hasher));
}

void hash_add(Hasher *hasher, const void *data, size_t n) {
        sha256_update(state_of(hasher), n, data);
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
        sha256_digest(state_of(hasher), HASH_BYTES, ret_hash->bytes);
}

void hash_of(Slice bytes, Hash *ret_hash) {
        Hasher hasher;

        hash_start(&hasher);
        hash_add(&hasher, bytes.data, bytes.n);
        hash_finish(&hasher, ret_hash);
}

void hash512_of(Slice bytes, uint8_t ret_hash[HASH512_BYTES]) {
        struct sha512_ctx context;

        sha512_init(&context);
        sha512_update(&context, bytes.n, bytes.data);
        sha512_digest(&context, HASH512_BYTES, ret_hash);
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
