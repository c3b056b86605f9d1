/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Encoding follows the order of the struct. */

#include "sandbox/spec.h"

#include "sandbox/wire.h"

enum { SPEC_TEXTS_MAX = 65536 };

static int refuse(Fault *reterr_fault, const char *what) {
        fault_set(reterr_fault, "sandbox.spec", "%s", what);
        return SPEC_E_REFUSED;
}

int spec_check(const SandboxSpec *spec, Fault *reterr_fault) {
        const SandboxLimits *limits = &spec->limits;

        if (!spec->argv || !spec->argv[0] || !spec->argv[0][0])
                return refuse(reterr_fault, "there is no command");
        if (!spec->scratch || spec->scratch[0] != '/')
                return refuse(reterr_fault, "the scratch directory is not an absolute path");
        if (spec->tree && spec->tree[0] != '/')
                return refuse(reterr_fault, "the tree is not an absolute path");
        for (size_t i = 0; spec->hide && spec->hide[i]; i++)
                if (spec->hide[i][0] != '/' || !spec->hide[i][1] || i >= SPEC_HIDE_MAX)
                        return refuse(reterr_fault,
                                      "a hidden path is relative, or all, or one too many");
        for (size_t i = 0; spec->access && spec->access[i]; i++)
                if (spec->access[i][0] != '/' || !spec->access[i][1] || i >= SPEC_ACCESS_MAX)
                        return refuse(reterr_fault,
                                      "a path of the host is relative, or all, or one too many");
        if (limits->keep_head > SPEC_KEEP_MAX || limits->keep_tail > SPEC_KEEP_MAX)
                return refuse(reterr_fault, "more output is to be kept than 64 MiB");
        return 0;
}

static void put_limits(const SandboxLimits *limits, Buf *bytes) {
        wire_put_u64(bytes, limits->wall_ms);
        wire_put_u64(bytes, limits->grace_ms);
        wire_put_u64(bytes, limits->leak_grace_ms);
        wire_put_u64(bytes, limits->memory_bytes);
        wire_put_u64(bytes, limits->file_bytes);
        wire_put_u64(bytes, limits->n_processes);
        wire_put_u64(bytes, limits->n_files);
        wire_put_u64(bytes, limits->output_bytes);
        wire_put_u64(bytes, limits->keep_head);
        wire_put_u64(bytes, limits->keep_tail);
}

static void get_limits(WireReader *reader, SandboxLimits *limits) {
        limits->wall_ms = wire_get_u64(reader);
        limits->grace_ms = wire_get_u64(reader);
        limits->leak_grace_ms = wire_get_u64(reader);
        limits->memory_bytes = wire_get_u64(reader);
        limits->file_bytes = wire_get_u64(reader);
        limits->n_processes = wire_get_u64(reader);
        limits->n_files = wire_get_u64(reader);
        limits->output_bytes = wire_get_u64(reader);
        limits->keep_head = (size_t)wire_get_limited(reader, SPEC_KEEP_MAX);
        limits->keep_tail = (size_t)wire_get_limited(reader, SPEC_KEEP_MAX);
}

void spec_encode(const SandboxSpec *spec, Buf *bytes) {
        wire_put_texts(bytes, spec->argv);
        wire_put_texts(bytes, spec->env);
        wire_put_text(bytes, spec->tree);
        wire_put_text(bytes, spec->workdir);
        wire_put_text(bytes, spec->scratch);
        wire_put_texts(bytes, spec->hide);
        wire_put_texts(bytes, spec->access);
        wire_put_u64(bytes, spec->network);
        wire_put_u64(bytes, spec->on_host);
        wire_put_u64(bytes, spec->force_copy);
        put_limits(&spec->limits, bytes);
}

static const char *const *get_texts(WireReader *reader, Arena *arena) {
        size_t n;

        return (const char *const *)wire_get_texts(reader, arena, SPEC_TEXTS_MAX, &n);
}

int spec_decode(Slice bytes, Arena *arena, SandboxSpec *ret_spec, Fault *reterr_fault) {
        WireReader reader = {.rest = bytes};
        SandboxSpec spec = {.argv = get_texts(&reader, arena)};
        int r;

        spec.env = get_texts(&reader, arena);
        spec.tree = wire_get_text(&reader, arena, SPEC_BYTES_MAX);
        spec.workdir = wire_get_text(&reader, arena, SPEC_BYTES_MAX);
        spec.scratch = wire_get_text(&reader, arena, SPEC_BYTES_MAX);
        spec.hide = get_texts(&reader, arena);
        spec.access = get_texts(&reader, arena);
        spec.network = (SandboxNetwork)wire_get_limited(&reader, SANDBOX_NETWORK_HOST);
        spec.on_host = wire_get_limited(&reader, 1) != 0;
        spec.force_copy = wire_get_limited(&reader, 1) != 0;
        get_limits(&reader, &spec.limits);
        if (reader.is_bad || reader.rest.n != 0)
                return refuse(reterr_fault, "the specification cannot be read");
        r = spec_check(&spec, reterr_fault);
        if (r == 0)
                *ret_spec = spec;
        return r;
}
