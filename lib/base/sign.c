/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Key files and Ed25519. */

#include "base/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

#define SECRET_WORD "coldgate-secret-key-v1 "
#define PUBLIC_WORD "coldgate-ed25519-curve "

enum { SECRET_BYTES = 32 + CURVE_BYTES, KEY_FILE_MAX = 4096 };

int sign_start(void) {
        if (sodium_init() < 0)
                return error_origin(-EIO);
        return 0;
}

static void from_seeds(const uint8_t sign_seed[32], const uint8_t curve_secret[CURVE_BYTES],
                       Key *ret_key) {
        crypto_sign_seed_keypair(ret_key->public.sign, ret_key->sign_secret, sign_seed);
        memcpy(ret_key->curve_secret, curve_secret, CURVE_BYTES);
        crypto_scalarmult_base(ret_key->public.curve, ret_key->curve_secret);
}

void key_make(Key *ret_key) {
        uint8_t seeds[SECRET_BYTES];

        randombytes_buf(seeds, sizeof seeds);
        from_seeds(seeds, seeds + 32, ret_key);
        sodium_memzero(seeds, sizeof seeds);
}

void key_from_seed(const uint8_t seed[32], Key *ret_key) {
        uint8_t seeds[SECRET_BYTES];

        randombytes_buf_deterministic(seeds, sizeof seeds, seed);
        from_seeds(seeds, seeds + 32, ret_key);
        sodium_memzero(seeds, sizeof seeds);
}

void key_keep_curve(Key *key, const Key *from) {
        memcpy(key->public.curve, from->public.curve, CURVE_BYTES);
        memcpy(key->curve_secret, from->curve_secret, CURVE_BYTES);
}

void key_deinit(Key *key) {
        sodium_memzero(key, sizeof *key);
}

static int key_parse(Slice text, Key *ret_key) {
        uint8_t seeds[SECRET_BYTES];
        size_t n_word = strlen(SECRET_WORD);

        while (text.n && (text.data[text.n - 1] == '\n' || text.data[text.n - 1] == '\r'))
                text.n--;
        if (!slice_is(slice_head(text, n_word), SECRET_WORD) ||
            !base64_decode(slice_from(text, n_word), seeds, sizeof seeds))
                return KEY_E_REFUSED;
        from_seeds(seeds, seeds + 32, ret_key);
        sodium_memzero(seeds, sizeof seeds);
        return 0;
}

int key_read(const char *path, Key *ret_key, Fault *reterr_fault) {
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        uint8_t bytes[KEY_FILE_MAX];
        struct stat facts;
        ssize_t n;

        if (fd < 0 || fstat(fd, &facts) < 0) {
                int error = errno;

                fault_set(reterr_fault, "key-missing", "the key cannot be read: %s",
                          strerror(error));
                fault_place(reterr_fault, "%s", path);
                if (error == EACCES)
                        fault_next(reterr_fault, "run it as the user whose key it is, or name your "
                                                 "own with --key");
                else
                        fault_next(reterr_fault, "make one with `keygen`, or name it with --key");
                return KEY_E_REFUSED;
        }
        if (!S_ISREG(facts.st_mode) || (facts.st_mode & 077) ||
            (facts.st_uid != geteuid() && geteuid() != 0)) {
                fault_set(reterr_fault, "key-mode", "mode %04o, owner %u: others could read it",
                          facts.st_mode & 07777, facts.st_uid);
                fault_place(reterr_fault, "%s", path);
                fault_next(reterr_fault, "chmod 600 %s", path);
                return KEY_E_REFUSED;
        }
        n = read(fd, bytes, sizeof bytes);
        if (n < 0 || key_parse(slice_make(bytes, (size_t)n), ret_key) != 0) {
                fault_set(reterr_fault, "key-malformed", "not a coldgate secret key");
                fault_place(reterr_fault, "%s", path);
                sodium_memzero(bytes, sizeof bytes);
                return KEY_E_REFUSED;
        }
        sodium_memzero(bytes, sizeof bytes);
        return 0;
}

int key_write(const char *path, const Key *key, const char *comment, Fault *reterr_fault) {
        cleanup_free char *public_path = mem_printf("%s.pub", path);
        cleanup_buf Buf line = BUF_TEXT;
        uint8_t seeds[SECRET_BYTES];
        int r;

        if (access(path, F_OK) == 0) {
                fault_set(reterr_fault, "key-exists", "a key is never overwritten");
                fault_place(reterr_fault, "%s", path);
                fault_next(reterr_fault, "choose another name, or move the old key away");
                return KEY_E_REFUSED;
        }
        crypto_sign_ed25519_sk_to_seed(seeds, key->sign_secret);
        memcpy(seeds + 32, key->curve_secret, CURVE_BYTES);
        buf_text(&line, SECRET_WORD);
        base64_append(&line, slice_make(seeds, sizeof seeds));
        buf_text(&line, "\n");
        r = file_write_atomic(path, buf_get(&line), 0600);
        sodium_memzero(seeds, sizeof seeds);
        sodium_memzero(line.data, line.n);
        TRY(r);
        buf_clear(&line);
        public_key_format(&key->public, comment, &line);
        buf_text(&line, "\n");
        TRY(file_write_atomic(public_path, buf_get(&line), 0644));
        return 0;
}

void public_key_format(const PublicKey *key, const char *comment, Buf *line) {
        buf_text(line, PUBLIC_WORD);
        base64_append(line, slice_make(key, sizeof *key));
        buf_printf(line, " %s", comment);
}

int public_key_parse(Slice line, PublicKey *ret_key, Fault *reterr_fault) {
        size_t n_word = strlen(PUBLIC_WORD);
        Slice rest = slice_from(line, n_word);
        Slice text = slice_head(rest, slice_find(rest, slice_text(" ")));

        if (text.n && text.data[text.n - 1] == '\n')
                text.n--;
        if (!slice_is(slice_head(line, n_word), PUBLIC_WORD) ||
            !base64_decode(text, (uint8_t *)ret_key, sizeof *ret_key)) {
                fault_set(reterr_fault, "key-malformed", "not a public line; it begins with \"%s\"",
                          PUBLIC_WORD);
                fault_next(reterr_fault, "take the line from the .pub file that `keygen` made");
                return KEY_E_REFUSED;
        }
        return 0;
}

void public_key_id(const PublicKey *key, char ret_id[KEY_ID_HEX + 1]) {
        Hash hash;

        hash_of(slice_make(key, sizeof *key), &hash);
        hex_encode(slice_make(hash.bytes, KEY_ID_HEX / 2), ret_id);
}

static void join_parts(const Slice *parts, size_t n_parts, Buf *joined) {
        for (size_t i = 0; i < n_parts; i++)
                buf_slice(joined, parts[i]);
}

void sign_parts(const Key *key, const Slice *parts, size_t n_parts,
                uint8_t ret_signature[SIGNATURE_BYTES]) {
        cleanup_buf Buf joined = BUF_TEXT;

        join_parts(parts, n_parts, &joined);
        crypto_sign_detached(ret_signature, NULL, joined.data, joined.n, key->sign_secret);
}

bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], const Slice *parts, size_t n_parts,
                 Slice signature) {
        cleanup_buf Buf joined = BUF_TEXT;

        if (signature.n != SIGNATURE_BYTES)
                return false;
        join_parts(parts, n_parts, &joined);
        return crypto_sign_verify_detached(signature.data, joined.data, joined.n, public_key) == 0;
}
