/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A world in memory. */

#include "tests/lib/fake_port.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum { WINDOW_MS = 2000 };

static bool fails(FakePort *port, FakeCall call) {
        port->n_calls[call]++;
        return port->fail_at[call] && --port->fail_at[call] == 0;
}

static uint64_t wall_ms(void *userdata) {
        return ((FakePort *)userdata)->wall_ms;
}

static uint64_t mono_ms(void *userdata) {
        return ((FakePort *)userdata)->mono_ms;
}

static void copy_entry(Arena *arena, const Entry *entry, Entry *ret_entry) {
        *ret_entry = *entry;
        ret_entry->kind = arena_slice(arena, entry->kind);
        ret_entry->phase = arena_slice(arena, entry->phase);
        ret_entry->actor = arena_slice(arena, entry->actor);
        ret_entry->frame = arena_slice(arena, entry->frame);
        ret_entry->signature = arena_slice(arena, entry->signature);
}

static int append(void *userdata, const Entry *entry) {
        FakePort *port = userdata;

        if (fails(port, FAKE_APPEND))
                return -EIO;
        CHECK_EQ_U64(entry->seq, port->n_entries + 1);
        port->entries = mem_resize(port->entries, port->n_entries + 1, sizeof *port->entries);
        copy_entry(&port->arena, entry, &port->entries[port->n_entries++]);
        port->is_dirty = true;
        return 0;
}

static int commit(void *userdata) {
        FakePort *port = userdata;

        if (fails(port, FAKE_COMMIT))
                return -EIO;
        if (port->n_entries > port->n_durable)
                port->n_synced = port->n_durable;
        port->n_durable = port->n_entries;
        for (size_t i = 0; i < port->n_evidence; i++)
                port->evidence[i].is_durable = true;
        port->is_dirty = false;
        return 0;
}

static bool is_forgotten(const FakePort *port, const Entry *entry) {
        return port->bug == FAKE_BUG_WINDOW && entry->received_ms + WINDOW_MS < port->wall_ms;
}

static int find(void *userdata, const Id *id, Arena *arena, Entry *ret_entry) {
        FakePort *port = userdata;

        for (size_t i = port->n_entries; i-- > 0;)
                if (!is_forgotten(port, &port->entries[i]) && id_equal(&port->entries[i].id, id)) {
                        copy_entry(arena, &port->entries[i], ret_entry);
                        return 0;
                }
        return 1;
}

static int read_entry(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry) {
        FakePort *port = userdata;

        if (fails(port, FAKE_READ))
                return -EIO;
        if (seq == 0 || seq > port->n_entries)
                return 1;
        copy_entry(arena, &port->entries[seq - 1], ret_entry);
        return 0;
}

static FakeEvidence *find_evidence(FakePort *port, const Hash *digest) {
        for (size_t i = 0; i < port->n_evidence; i++)
                if (hash_equal(&port->evidence[i].digest, digest))
                        return &port->evidence[i];
        return NULL;
}

static int evidence_put(void *userdata, const Hash *digest, Slice frame) {
        FakePort *port = userdata;

        if (fails(port, FAKE_EVIDENCE_PUT))
                return -EIO;
        port->is_dirty = true;
        if (find_evidence(port, digest))
                return 0;
        CHECK(port->n_evidence < FAKE_EVIDENCE_MAX);
        port->evidence[port->n_evidence++] =
                (FakeEvidence){.digest = *digest, .frame = arena_slice(&port->arena, frame)};
        return 0;
}

static int evidence_get(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame) {
        const FakeEvidence *evidence = find_evidence(userdata, digest);

        if (!evidence)
                return 1;
        *ret_frame = arena_slice(arena, evidence->frame);
        return 0;
}

static int send_frame(void *userdata, const Route *route, Slice frame) {
        FakePort *port = userdata;
        uint8_t to = route->bytes[0];
        CodecFault fault;
        FakeSent *sent;

        CHECK(!port->is_dirty);
        CHECK(to < FAKE_ROUTES_MAX);
        if (port->conditions[to])
                return port->conditions[to];
        if (port->loses && port->loses(port->userdata))
                return 0;
        port->sent = mem_resize(port->sent, port->n_sent + 1, sizeof *port->sent);
        sent = &port->sent[port->n_sent++];
        sent->to = to;
        sent->frame = arena_slice(&port->arena, frame);
        CHECK_EQ_INT(codec_decode(sent->frame, &port->arena, &sent->message, &fault), 0);
        return 0;
}

/* splitmix64: the same bytes each time. */
static void make_random(void *userdata, void *bytes, size_t n) {
        FakePort *port = userdata;

        for (size_t i = 0; i < n; i++) {
                uint64_t z = (port->random_state += 0x9e3779b97f4a7c15);

                z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
                z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
                ((uint8_t *)bytes)[i] = (uint8_t)(z >> 31);
        }
}

static int ask_room(void *userdata, size_t n_bytes, Fault *reterr_fault) {
        const FakePort *port = userdata;

        (void)n_bytes;
        if (!port->is_full)
                return 0;
        fault_set(reterr_fault, "disk-full", "there is none");
        return 1;
}

void fake_port_init(FakePort *port) {
        *port = (FakePort){.wall_ms = 1700000000000, .mono_ms = 1000};
}

void fake_port_deinit(FakePort *port) {
        free(port->entries);
        free(port->sent);
        arena_deinit(&port->arena);
}

CorePort fake_port_get(FakePort *port) {
        return (CorePort){
                .userdata = port,
                .wall_ms = wall_ms,
                .mono_ms = mono_ms,
                .append = append,
                .commit = commit,
                .room = ask_room,
                .find = find,
                .read = read_entry,
                .evidence_put = evidence_put,
                .evidence_get = evidence_get,
                .send = send_frame,
                .random = make_random,
        };
}

void fake_port_crash(FakePort *port) {
        size_t n = 0;

        if (port->bug == FAKE_BUG_ACK_FIRST)
                port->n_durable = port->n_synced;
        port->n_entries = port->n_durable;
        for (size_t i = 0; i < port->n_evidence; i++)
                if (port->evidence[i].is_durable)
                        port->evidence[n++] = port->evidence[i];
        port->n_evidence = n;
        port->is_dirty = false;
}

void fake_port_forget(FakePort *port) {
        port->n_sent = 0;
}

void fake_port_turn(FakePort *port, uint64_t ms) {
        port->wall_ms += ms;
        port->mono_ms += ms;
}

Route fake_route(uint8_t to) {
        return (Route){.bytes = {to, 'r'}, .n = 2};
}
