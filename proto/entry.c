/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Signatures, the chain and the checkpoint. Everything that is hashed or signed begins with a
 * domain tag, so that no signature can be taken for another kind. */

#include "proto/entry.h"

#include <endian.h>
#include <string.h>

static const char entry_tag[] = "coldgate entry v1\n";
static const char chain_tag[] = "coldgate chain v1\n";
static const char checkpoint_tag[] = "coldgate checkpoint v1\n";
static const char checkpoint_namespace[] = "checkpoint@coldgate";
static const char ssh_magic[] = "SSHSIG";
static const char ssh_hash_name[] = "sha512";
static const char ssh_key_name[] = "ssh-ed25519";

enum {
        SSHSIG_VERSION = 1,
        ARMOUR_COLUMNS = 70,
        BLOB_MAX = 1024,
        CHECKPOINT_TEXT_MAX = 256,
        ENTRY_PARTS = 4
};

/* ---- entries ---- */

static void entry_parts(const Hash *ledger, const Id *id, Slice frame, Slice parts[ENTRY_PARTS]) {
        parts[0] = slice_text(entry_tag);
        parts[1] = hash_slice(ledger);
        parts[2] = id_slice(id);
        parts[3] = frame;
}

void entry_sign(const Key *key, const Hash *ledger, const Id *id, Slice frame,
                uint8_t ret_signature[SIGNATURE_BYTES]) {
        Slice parts[ENTRY_PARTS];

        entry_parts(ledger, id, frame, parts);
        sign_parts(key, parts, ENTRY_PARTS, ret_signature);
}

bool entry_signature_holds(const PublicKey *author, const Hash *ledger, const Id *id, Slice frame,
                           Slice signature) {
        Slice parts[ENTRY_PARTS];

        entry_parts(ledger, id, frame, parts);
        return sign_verify(author->sign, parts, ENTRY_PARTS, signature);
}

/* What is small is hashed together: to add a number costs more than to write it down. */
typedef struct Gather {
        Hasher hasher;
        uint8_t bytes[512];
        size_t n;
} Gather;

static void gather_flush(Gather *gather) {
        hash_add(&gather->hasher, gather->bytes, gather->n);
        gather->n = 0;
}

static void gather_add(Gather *gather, const void *data, size_t n) {
        if (n > sizeof gather->bytes - gather->n)
                gather_flush(gather);
        if (n > sizeof gather->bytes) {
                hash_add(&gather->hasher, data, n);
                return;
        }
        if (n)
                memcpy(gather->bytes + gather->n, data, n);
        gather->n += n;
}

static void gather_add_u64(Gather *gather, uint64_t number) {
        uint64_t big_endian = htobe64(number);

        gather_add(gather, &big_endian, sizeof big_endian);
}

void entry_hash(const Entry *entry, Hash *ret_hash) {
        const Slice fields[] = {entry->kind,          entry->phase, entry->actor,
                                id_slice(&entry->id), entry->frame, entry->signature};
        Gather gather;

        gather.n = 0;
        hash_start(&gather.hasher);
        gather_add(&gather, chain_tag, strlen(chain_tag));
        gather_add(&gather, entry->prev.bytes, HASH_BYTES);
        gather_add_u64(&gather, entry->seq);
        gather_add_u64(&gather, entry->received_ms);
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                gather_add_u64(&gather, fields[i].n);
                gather_add(&gather, fields[i].data, fields[i].n);
        }
        gather_flush(&gather);
        hash_finish(&gather.hasher, ret_hash);
}

/* ---- checkpoints: SSH's wire format, where a string is four bytes of length and its bytes ---- */

static void ssh_u32(Buf *blob, uint32_t number) {
        const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 8), (uint8_t)number};

        buf_append(blob, bytes, sizeof bytes);
}

static void ssh_string(Buf *blob, Slice string) {
        ssh_u32(blob, (uint32_t)string.n);
        buf_slice(blob, string);
}

static void ssh_public_key(Buf *blob, const PublicKey *key) {
        cleanup_buf Buf inner = BUF_INIT(BLOB_MAX);

        ssh_string(&inner, slice_text(ssh_key_name));
        ssh_string(&inner, slice_make(key->sign, SIGN_PUBLIC_BYTES));
        ssh_string(blob, buf_get(&inner));
}

void checkpoint_format(const Hash *ledger, uint64_t seq, const Hash *hash, Buf *text) {
        buf_text(text, checkpoint_tag);
        hex_append(text, hash_slice(ledger));
        buf_printf(text, "\n%llu\n", (unsigned long long)seq);
        hex_append(text, hash_slice(hash));
        buf_byte(text, '\n');
}

static Slice take_line(Slice *rest) {
        Slice line = slice_head(*rest, slice_find(*rest, slice_text("\n")));

        *rest = slice_from(*rest, line.n + 1);
        return line;
}

/* That all is as it should be, the number within its limits too, is seen by making it again. */
bool checkpoint_parse(Slice text, Hash *ret_ledger, Checkpoint *ret_checkpoint) {
        cleanup_buf Buf again = BUF_INIT(CHECKPOINT_TEXT_MAX);
        Slice rest = text, number;

        (void)take_line(&rest); /* the tag */
        if (!hex_decode(take_line(&rest), ret_ledger->bytes, HASH_BYTES))
                return false;
        number = take_line(&rest);
        ret_checkpoint->seq = 0;
        for (size_t i = 0; i < number.n; i++)
                ret_checkpoint->seq = ret_checkpoint->seq * 10 + (uint64_t)(number.data[i] - '0');
        if (!hex_decode(take_line(&rest), ret_checkpoint->hash.bytes, HASH_BYTES))
                return false;
        checkpoint_format(ret_ledger, ret_checkpoint->seq, &ret_checkpoint->hash, &again);
        return slice_equal(buf_get(&again), text);
}

/* What an SSH signature of the checkpoint's text really signs. */
static void checkpoint_signed_blob(const Hash *ledger, uint64_t seq, const Hash *hash, Buf *blob) {
        cleanup_buf Buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
        uint8_t digest[HASH512_BYTES];

        checkpoint_format(ledger, seq, hash, &text);
        hash512_of(buf_get(&text), digest);
        buf_text(blob, ssh_magic);
        ssh_string(blob, slice_text(checkpoint_namespace));
        ssh_string(blob, SLICE_NULL);
        ssh_string(blob, slice_text(ssh_hash_name));
        ssh_string(blob, slice_make(digest, sizeof digest));
}

void checkpoint_sign(const Key *broker, const Hash *ledger, uint64_t seq, const Hash *hash,
                     Checkpoint *ret_checkpoint) {
        cleanup_buf Buf blob = BUF_INIT(BLOB_MAX);
        Slice part;

        checkpoint_signed_blob(ledger, seq, hash, &blob);
        part = buf_get(&blob);
        ret_checkpoint->seq = seq;
        ret_checkpoint->hash = *hash;
        sign_parts(broker, &part, 1, ret_checkpoint->signature);
}

bool checkpoint_holds(const PublicKey *broker, const Hash *ledger, const Checkpoint *checkpoint) {
        cleanup_buf Buf blob = BUF_INIT(BLOB_MAX);
        Slice part;

        checkpoint_signed_blob(ledger, checkpoint->seq, &checkpoint->hash, &blob);
        part = buf_get(&blob);
        return sign_verify(broker->sign, &part, 1,
                           slice_make(checkpoint->signature, SIGNATURE_BYTES));
}

void checkpoint_armour(const PublicKey *broker, const Checkpoint *checkpoint, Buf *text) {
        cleanup_buf Buf blob = BUF_INIT(BLOB_MAX);
        cleanup_buf Buf inner = BUF_INIT(BLOB_MAX);
        cleanup_buf Buf base64 = BUF_INIT(2 * BLOB_MAX);

        buf_text(&blob, ssh_magic);
        ssh_u32(&blob, SSHSIG_VERSION);
        ssh_public_key(&blob, broker);
        ssh_string(&blob, slice_text(checkpoint_namespace));
        ssh_string(&blob, SLICE_NULL);
        ssh_string(&blob, slice_text(ssh_hash_name));
        ssh_string(&inner, slice_text(ssh_key_name));
        ssh_string(&inner, slice_make(checkpoint->signature, SIGNATURE_BYTES));
        ssh_string(&blob, buf_get(&inner));
        base64_append(&base64, buf_get(&blob));
        buf_text(text, "-----BEGIN SSH SIGNATURE-----\n");
        for (Slice rest = buf_get(&base64); rest.n; rest = slice_from(rest, ARMOUR_COLUMNS)) {
                buf_slice(text, slice_head(rest, ARMOUR_COLUMNS));
                buf_byte(text, '\n');
        }
        buf_text(text, "-----END SSH SIGNATURE-----\n");
}

void checkpoint_allowed_signer(const PublicKey *broker, Buf *text) {
        cleanup_buf Buf blob = BUF_INIT(BLOB_MAX);

        ssh_string(&blob, slice_text(ssh_key_name));
        ssh_string(&blob, slice_make(broker->sign, SIGN_PUBLIC_BYTES));
        buf_printf(text, "broker namespaces=\"%s\" %s ", checkpoint_namespace, ssh_key_name);
        base64_append(text, buf_get(&blob));
        buf_byte(text, '\n');
}
