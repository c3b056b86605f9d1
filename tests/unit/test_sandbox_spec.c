/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A specification on its way to the runner. */

#include "sandbox/spec.h"
#include "tests/lib/test.h"

static const char *const argv[] = {"sh", "-c", "exit 3", NULL};
static const char *const env[] = {"PATH=/bin", "EMPTY=", NULL};
static const char *const hide[] = {"/var/lib/secret", NULL};

static const char *const access_paths[] = {"/srv/data", NULL};

static SandboxSpec make_spec(void) {
        return (SandboxSpec){.argv = argv,
                             .env = env,
                             .tree = "/tree",
                             .workdir = "sub",
                             .scratch = "/scratch",
                             .hide = hide,
                             .access = access_paths,
                             .on_host = true,
                             .network = SANDBOX_NETWORK_HOST,
                             .force_copy = true,
                             .limits = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
}

TEST(a_specification_comes_back_as_it_was) {
        cleanup_buf Buf bytes = BUF_INIT(SPEC_BYTES_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        SandboxSpec spec = make_spec(), got;
        Fault fault = FAULT_INIT;

        spec_encode(&spec, &bytes);
        CHECK_EQ_INT(spec_decode(buf_get(&bytes), &arena, &got, &fault), 0);
        CHECK_EQ_TEXT(got.argv[0], "sh");
        CHECK_EQ_TEXT(got.argv[2], "exit 3");
        CHECK_EQ_TEXT(got.argv[3], NULL);
        CHECK_EQ_TEXT(got.env[1], "EMPTY=");
        CHECK_EQ_TEXT(got.env[2], NULL);
        CHECK_EQ_TEXT(got.tree, "/tree");
        CHECK_EQ_TEXT(got.workdir, "sub");
        CHECK_EQ_TEXT(got.scratch, "/scratch");
        CHECK_EQ_TEXT(got.access[0], "/srv/data");
        CHECK_EQ_TEXT(got.access[1], NULL);
        CHECK(got.on_host);
        CHECK_EQ_TEXT(got.hide[0], "/var/lib/secret");
        CHECK_EQ_TEXT(got.hide[1], NULL);
        CHECK(got.network == SANDBOX_NETWORK_HOST);
        CHECK(got.force_copy);
        CHECK_EQ_U64(got.limits.wall_ms, 1);
        CHECK_EQ_U64(got.limits.n_files, 7);
        CHECK_EQ_U64(got.limits.keep_tail, 10);
}

TEST(a_cut_or_longer_specification_is_refused) {
        cleanup_buf Buf bytes = BUF_INIT(SPEC_BYTES_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        SandboxSpec spec = make_spec(), got;
        Fault fault = FAULT_INIT;

        spec_encode(&spec, &bytes);
        for (size_t n = 0; n < bytes.n; n++)
                CHECK_EQ_INT(spec_decode(slice_head(buf_get(&bytes), n), &arena, &got, &fault),
                             SPEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "sandbox.spec");
        buf_byte(&bytes, 0);
        CHECK_EQ_INT(spec_decode(buf_get(&bytes), &arena, &got, &fault), SPEC_E_REFUSED);
}

static void expect_refused(const SandboxSpec *spec) {
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(spec_check(spec, &fault), SPEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "sandbox.spec");
}

TEST(what_cannot_be_asked_for_is_refused) {
        static const char *const none[] = {NULL}, *const empty[] = {"", NULL};
        static const char *const relative[] = {"etc", NULL}, *const all[] = {"/", NULL};
        SandboxSpec spec = make_spec();

        spec.argv = none;
        expect_refused(&spec);
        spec.argv = empty;
        expect_refused(&spec);
        spec = make_spec();
        spec.scratch = NULL;
        expect_refused(&spec);
        spec.scratch = "scratch";
        expect_refused(&spec);
        spec = make_spec();
        spec.tree = "tree";
        expect_refused(&spec);
        spec = make_spec();
        spec.hide = relative;
        expect_refused(&spec);
        spec.hide = all;
        expect_refused(&spec);
        spec = make_spec();
        spec.limits.keep_tail = SPEC_KEEP_MAX + (size_t)1;
        expect_refused(&spec);
}
