/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What makes an entry an entry: its author's signature, its place in the hash chain, and the
 * broker's checkpoint over the head. Both sides compute these; docs/ledger.md specifies them for
 * strangers.
 *
 *   signature   Ed25519 over  "coldgate entry v1\n"  ledger id (32)  message id (16)  frame
 *   hash        SHA-256 over  "coldgate chain v1\n"  prev (32)  seq, received_ms (8 bytes each,
 *               big-endian), then kind, phase, actor, message id, frame, signature, each with its
 *               length in 8 bytes big-endian before it
 *   checkpoint  an SSH signature (PROTOCOL.sshsig, namespace "checkpoint@coldgate", sha512) by the
 *               broker's Ed25519 key over the text
 *               "coldgate checkpoint v1\n" hex ledger id "\n" seq "\n" hex hash "\n"
 */

#include "base/buf.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/sign.h"
#include "proto/message.h"

typedef struct Entry {
        uint64_t seq;
        uint64_t received_ms;
        Slice kind;  /* message_name() of the frame */
        Slice phase; /* message_phase() of the frame, or that of the claim or finding it names */
        Slice actor; /* name of the author */
        Id id;
        Slice frame;
        Slice signature;
        Hash prev; /* all zero for the first */
        Hash hash;
} Entry;

void entry_sign(const Key *key, const Hash *ledger, const Id *id, Slice frame,
                uint8_t ret_signature[SIGNATURE_BYTES]);
bool entry_signature_holds(const PublicKey *author, const Hash *ledger, const Id *id, Slice frame,
                           Slice signature);
/* Over all fields but `hash` itself. */
void entry_hash(const Entry *entry, Hash *ret_hash);

typedef struct Checkpoint {
        uint64_t seq;
        Hash hash;
        uint8_t signature[SIGNATURE_BYTES]; /* the inner Ed25519 signature of the SSH signature */
} Checkpoint;

/* The text that is signed. */
void checkpoint_format(const Hash *ledger, uint64_t seq, const Hash *hash, Buf *text);
/* Exactly that text, whatever the number; of the checkpoint all but the signature. */
bool checkpoint_parse(Slice text, Hash *ret_ledger, Checkpoint *ret_checkpoint);
void checkpoint_sign(const Key *broker, const Hash *ledger, uint64_t seq, const Hash *hash,
                     Checkpoint *ret_checkpoint);
bool checkpoint_holds(const PublicKey *broker, const Hash *ledger, const Checkpoint *checkpoint);
/* The armoured file that `ssh-keygen -Y verify -n checkpoint@coldgate` takes. */
void checkpoint_armour(const PublicKey *broker, const Checkpoint *checkpoint, Buf *text);
/* The line for its allowed-signers file: principal "broker". */
void checkpoint_allowed_signer(const PublicKey *broker, Buf *text);
