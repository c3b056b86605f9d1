/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is signed and hashed, and that stock ssh-keygen agrees about checkpoints. */

#include "proto/entry.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

enum { SSH_LIMIT_MS = 10000 };

static const uint8_t seed[32] = {1, 2, 3};
static const uint8_t other_seed[32] = {4, 5, 6};

static Hash make_hash(uint8_t byte) {
        Hash hash;

        memset(hash.bytes, byte, sizeof hash.bytes);
        return hash;
}

static void make_key(const uint8_t from[32], Key *ret_key) {
        CHECK_EQ_INT(sign_start(), 0);
        key_from_seed(from, ret_key);
}

/* ---- signatures ---- */

typedef struct Signed {
        Key key;
        Hash ledger;
        Id id;
        Slice frame;
        uint8_t signature[SIGNATURE_BYTES];
} Signed;

static void make_signed(Signed *ret_signed) {
        make_key(seed, &ret_signed->key);
        ret_signed->ledger = make_hash(0x11);
        memset(ret_signed->id.bytes, 0x22, ID_BYTES);
        ret_signed->frame = slice_text("a frame");
        entry_sign(&ret_signed->key, &ret_signed->ledger, &ret_signed->id, ret_signed->frame,
                   ret_signed->signature);
}

static bool holds(const Signed *it) {
        return entry_signature_holds(&it->key.public, &it->ledger, &it->id, it->frame,
                                     slice_make(it->signature, SIGNATURE_BYTES));
}

TEST(a_signature_holds_for_what_was_signed) {
        Signed it;

        make_signed(&it);
        CHECK(holds(&it));
}

TEST(a_signature_is_bound_to_its_ledger) {
        Signed it;

        make_signed(&it);
        for (size_t i = 0; i < HASH_BYTES; i++) {
                it.ledger.bytes[i] ^= 1;
                CHECK(!holds(&it));
                it.ledger.bytes[i] ^= 1;
        }
}

TEST(a_signature_is_bound_to_its_message_id) {
        Signed it;

        make_signed(&it);
        for (size_t i = 0; i < ID_BYTES; i++) {
                it.id.bytes[i] ^= 0x80;
                CHECK(!holds(&it));
                it.id.bytes[i] ^= 0x80;
        }
}

TEST(a_signature_is_bound_to_its_frame_and_its_author) {
        Signed it;
        Key other;

        make_signed(&it);
        it.frame = slice_text("a framE");
        CHECK(!holds(&it));
        it.frame = slice_text("a frame");
        make_key(other_seed, &other);
        it.key.public = other.public;
        CHECK(!holds(&it));
}

TEST(a_damaged_or_short_signature_does_not_hold) {
        Signed it;

        make_signed(&it);
        for (size_t i = 0; i < SIGNATURE_BYTES; i++) {
                it.signature[i] ^= 4;
                CHECK(!holds(&it));
                it.signature[i] ^= 4;
        }
        CHECK(!entry_signature_holds(&it.key.public, &it.ledger, &it.id, it.frame,
                                     slice_make(it.signature, SIGNATURE_BYTES - 1)));
        CHECK(!entry_signature_holds(&it.key.public, &it.ledger, &it.id, it.frame, SLICE_NULL));
}

TEST(an_entry_signature_is_no_checkpoint_and_the_reverse) {
        Checkpoint checkpoint = {.seq = 7, .hash = make_hash(9)};
        Hash ledger = make_hash(1);
        Signed it;

        make_signed(&it);
        memcpy(checkpoint.signature, it.signature, SIGNATURE_BYTES);
        CHECK(!checkpoint_holds(&it.key.public, &it.ledger, &checkpoint));
        checkpoint_sign(&it.key, &ledger, 7, &checkpoint.hash, &checkpoint);
        memcpy(it.signature, checkpoint.signature, SIGNATURE_BYTES);
        CHECK(!holds(&it));
}

/* ---- hashes ---- */

enum { TEXT_BYTES = 8 };

typedef struct Sample {
        uint8_t kind[TEXT_BYTES], phase[TEXT_BYTES], actor[TEXT_BYTES], frame[TEXT_BYTES];
        uint8_t signature[SIGNATURE_BYTES];
        Entry entry;
} Sample;

static void make_sample(Sample *sample) {
        memset(sample, 0x55, sizeof *sample);
        sample->entry = (Entry){
                .seq = 0x0102030405060708,
                .received_ms = 0x1112131415161718,
                .kind = slice_make(sample->kind, TEXT_BYTES),
                .phase = slice_make(sample->phase, TEXT_BYTES),
                .actor = slice_make(sample->actor, TEXT_BYTES),
                .frame = slice_make(sample->frame, TEXT_BYTES),
                .signature = slice_make(sample->signature, SIGNATURE_BYTES),
                .prev = make_hash(3),
        };
        memset(sample->entry.id.bytes, 4, ID_BYTES);
        entry_hash(&sample->entry, &sample->entry.hash);
}

static void check_each_byte(Sample *sample, void *bytes, size_t n) {
        for (size_t i = 0; i < n; i++) {
                Hash changed;

                ((uint8_t *)bytes)[i] ^= 1;
                entry_hash(&sample->entry, &changed);
                CHECK(!hash_equal(&changed, &sample->entry.hash));
                ((uint8_t *)bytes)[i] ^= 1;
                entry_hash(&sample->entry, &changed);
                CHECK(hash_equal(&changed, &sample->entry.hash));
        }
}

TEST(each_byte_of_each_field_is_in_the_hash) {
        Sample sample;

        make_sample(&sample);
        check_each_byte(&sample, &sample.entry.seq, sizeof sample.entry.seq);
        check_each_byte(&sample, &sample.entry.received_ms, sizeof sample.entry.received_ms);
        check_each_byte(&sample, sample.kind, sizeof sample.kind);
        check_each_byte(&sample, sample.phase, sizeof sample.phase);
        check_each_byte(&sample, sample.actor, sizeof sample.actor);
        check_each_byte(&sample, sample.frame, sizeof sample.frame);
        check_each_byte(&sample, sample.signature, sizeof sample.signature);
        check_each_byte(&sample, sample.entry.id.bytes, ID_BYTES);
        check_each_byte(&sample, sample.entry.prev.bytes, HASH_BYTES);
}

TEST(a_byte_cannot_move_from_one_field_to_the_next) {
        Sample sample;
        Hash moved;

        make_sample(&sample);
        sample.entry.kind.n--;
        sample.entry.phase = slice_make("\x55\x55\x55\x55\x55\x55\x55\x55\x55", TEXT_BYTES + 1);
        entry_hash(&sample.entry, &moved);
        CHECK(!hash_equal(&moved, &sample.entry.hash));
}

TEST(the_hash_is_the_one_that_the_documents_specify) {
        cleanup_buf Buf bytes = BUF_INIT(1024);
        Sample sample;
        Hash expected;

        make_sample(&sample);
        buf_text(&bytes, "coldgate chain v1\n");
        buf_append(&bytes, sample.entry.prev.bytes, HASH_BYTES);
        buf_append(&bytes, "\1\2\3\4\5\6\7\10", 8);
        buf_append(&bytes, "\x11\x12\x13\x14\x15\x16\x17\x18", 8);
        for (int i = 0; i < 3; i++)
                buf_append(&bytes, "\0\0\0\0\0\0\0\10\x55\x55\x55\x55\x55\x55\x55\x55", 16);
        buf_append(&bytes, "\0\0\0\0\0\0\0\20", 8);
        buf_append(&bytes, sample.entry.id.bytes, ID_BYTES);
        buf_append(&bytes, "\0\0\0\0\0\0\0\10\x55\x55\x55\x55\x55\x55\x55\x55", 16);
        buf_append(&bytes, "\0\0\0\0\0\0\0\100", 8);
        buf_append(&bytes, sample.signature, SIGNATURE_BYTES);
        hash_of(buf_get(&bytes), &expected);
        CHECK(hash_equal(&expected, &sample.entry.hash));
}

/* ---- checkpoints ---- */

TEST(a_checkpoint_is_bound_to_ledger_number_hash_and_broker) {
        Hash ledger = make_hash(1), hash = make_hash(2);
        Checkpoint checkpoint;
        Key key, other;

        make_key(seed, &key);
        make_key(other_seed, &other);
        checkpoint_sign(&key, &ledger, 42, &hash, &checkpoint);
        CHECK_EQ_U64(checkpoint.seq, 42);
        CHECK(checkpoint_holds(&key.public, &ledger, &checkpoint));
        CHECK(!checkpoint_holds(&other.public, &ledger, &checkpoint));
        CHECK(!checkpoint_holds(&key.public, &hash, &checkpoint));
        checkpoint.seq = 43;
        CHECK(!checkpoint_holds(&key.public, &ledger, &checkpoint));
        checkpoint.seq = 42;
        checkpoint.hash.bytes[31] ^= 1;
        CHECK(!checkpoint_holds(&key.public, &ledger, &checkpoint));
}

static void write_text(const char *dir, const char *name, const Buf *text) {
        bench_write(dir, name, buf_get_text(text), 0600);
}

/* The status of `ssh-keygen -Y verify` over a checkpoint of `key`, with the text of `seq`. */
static int ssh_verify(const Key *key, uint64_t signed_seq, uint64_t seq) {
        cleanup_buf Buf text = BUF_TEXT, armour = BUF_TEXT, signer = BUF_TEXT, out = BUF_TEXT;
        Hash ledger = make_hash(1), hash = make_hash(2);
        const char *dir = test_dir();
        Checkpoint checkpoint;
        ProcessSpec spec = {
                .argv = {"sh", "-c",
                         "exec ssh-keygen -Y verify -f allowed -I broker -n checkpoint@coldgate "
                         "-s text.sig <text"},
                .cwd = dir,
        };

        checkpoint_sign(key, &ledger, signed_seq, &hash, &checkpoint);
        checkpoint_format(&ledger, seq, &hash, &text);
        checkpoint_armour(&key->public, &checkpoint, &armour);
        checkpoint_allowed_signer(&key->public, &signer);
        write_text(dir, "text", &text);
        write_text(dir, "text.sig", &armour);
        write_text(dir, "allowed", &signer);
        return bench_run(&spec, SSH_LIMIT_MS, &out, &out);
}

static bool ssh_keygen_is_there(void) {
        ProcessSpec spec = {.argv = {"sh", "-c", "command -v ssh-keygen"}};

        return bench_run(&spec, SSH_LIMIT_MS, NULL, NULL) == 0;
}

TEST(stock_ssh_keygen_accepts_a_checkpoint_and_no_other_text) {
        Key key;

        if (!ssh_keygen_is_there())
                SKIP("ssh-keygen is not installed");
        make_key(seed, &key);
        CHECK_EQ_INT(ssh_verify(&key, 42, 42), 0);
        CHECK(ssh_verify(&key, 42, 43) != 0);
}

TEST(the_text_of_a_checkpoint_is_the_one_that_the_documents_specify) {
        cleanup_buf Buf text = BUF_TEXT;
        Hash ledger = make_hash(0xab), hash = make_hash(0xcd);

        checkpoint_format(&ledger, 1234567890123, &hash, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "coldgate checkpoint v1\n"
                      "abababababababababababababababababababababababababababababababab\n"
                      "1234567890123\n"
                      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n");
}

/* What was signed and kept must be read again: a broker that signs a number of twenty digits would
 * lock out each agent that believed it. */
TEST(a_checkpoint_of_any_number_is_read_as_it_was_written) {
        static const uint64_t seqs[] = {1, 9, 999999999999999999, 1000000000000000000, UINT64_MAX};
        Hash ledger = make_hash(0xab), hash = make_hash(0xcd), read_ledger;
        Checkpoint read;

        for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                checkpoint_format(&ledger, seqs[i], &hash, &text);
                CHECK(checkpoint_parse(buf_get(&text), &read_ledger, &read));
                CHECK_EQ_U64(read.seq, seqs[i]);
                CHECK(hash_equal(&read.hash, &hash) && hash_equal(&read_ledger, &ledger));
        }
}

TEST(what_is_not_exactly_the_text_of_a_checkpoint_is_none) {
        static const char *const seqs[] = {"",   "-1",  "01",
                                           "1 ", "1\n", "18446744073709551616",
                                           ":",  "1a",  "100000000000000000000000000000"};
        static const char head[] = "coldgate checkpoint v1\n";
        Hash ledger = make_hash(0xab), hash = make_hash(0xcd);
        Checkpoint read;

        for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                buf_text(&text, head);
                hex_append(&text, hash_slice(&ledger));
                buf_printf(&text, "\n%s\n", seqs[i]);
                hex_append(&text, hash_slice(&hash));
                buf_text(&text, "\n");
                CHECK(!checkpoint_parse(buf_get(&text), &ledger, &read));
        }
        CHECK(!checkpoint_parse(slice_text(head), &ledger, &read));
        CHECK(!checkpoint_parse(SLICE_NULL, &ledger, &read));
}
