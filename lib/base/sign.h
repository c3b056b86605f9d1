/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Keys of an agent: an Ed25519 pair that signs what it says and a Curve25519 pair for transport
 * (protocol.md, Identity). A key file holds both, mode 0600, and is refused when looser. The
 * public half is one line:
 *
 *     coldgate-ed25519-curve <base64 of 64 bytes: Ed25519 public key, Curve25519 public key>
 * <comment>
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/slice.h"

enum { SIGNATURE_BYTES = 64, SIGN_PUBLIC_BYTES = 32, CURVE_BYTES = 32, KEY_ID_HEX = 16 };

typedef struct PublicKey {
        uint8_t sign[SIGN_PUBLIC_BYTES];
        uint8_t curve[CURVE_BYTES];
} PublicKey;

/* Wiped by key_deinit; never logged, never copied about. */
typedef struct Key {
        PublicKey public;
        uint8_t sign_secret[64];
        uint8_t curve_secret[CURVE_BYTES];
} Key;

/* Once per process, before anything else here. */
int sign_start(void) must_check;

void key_make(Key *ret_key);
/* The half for transport is that of `from`. */
void key_keep_curve(Key *key, const Key *from);
void key_deinit(Key *key);
#define cleanup_key cleanup(key_deinit)

/* From a fixed seed: for tests and golden files only. */
void key_from_seed(const uint8_t seed[32], Key *ret_key);

enum { _KEY_E_SUCCESS, KEY_E_REFUSED };

/* Reads a key file. KEY_E_REFUSED: missing, looser than 0600, or malformed; the fault says which
 * (rules key-missing, key-mode, key-malformed). */
int key_read(const char *path, Key *ret_key, Fault *reterr_fault) must_check;
/* Writes a new key file (0600) and `<path>.pub`; KEY_E_REFUSED if one exists (rule key-exists). */
int key_write(const char *path, const Key *key, const char *comment,
              Fault *reterr_fault) must_check;

void public_key_format(const PublicKey *key, const char *comment, Buf *line);
/* KEY_E_REFUSED with rule key-malformed. */
int public_key_parse(Slice line, PublicKey *ret_key, Fault *reterr_fault) must_check;
/* First 16 hex digits of the SHA-256 of both public keys: what people compare. */
void public_key_id(const PublicKey *key, char ret_id[KEY_ID_HEX + 1]);

/* `parts` are concatenated; each caller begins with a domain tag. */
void sign_parts(const Key *key, const Slice *parts, size_t n_parts,
                uint8_t ret_signature[SIGNATURE_BYTES]);
bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], const Slice *parts, size_t n_parts,
                 Slice signature);
