/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Stories, line by line. */

#include "tests/lib/chronicle_parts.h"

#include "base/clock.h"
#include "base/fd.h"
#include "broker/ledger.h"
#include "broker/render.h"
#include "broker/replay.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum { STORY_BYTES_MAX = 1 << 20, LEASE_MS = 86400000, MORE_INDENT = 4 };

const char *const chronicle_file_names[_CHRONICLE_FILE_MAX] = {
        [CHRONICLE_REVIEW] = "REVIEW",
        [CHRONICLE_JOURNAL] = "JOURNAL",
        [CHRONICLE_STATUS] = "STATUS",
        [CHRONICLE_BACKLOG] = "BACKLOG",
};

/* ---- lines ---- */

const char *chronicle_read(Arena *arena, const char *file) {
        cleanup_buf Buf bytes = BUF_INIT(STORY_BYTES_MAX);
        const char *path = test_source(arena_printf(arena, "tests/data/stories/%s", file));

        if (file_read(path, &bytes) != 0)
                FAIL_TEST("cannot read %s", path);
        return arena_text(arena, buf_get(&bytes));
}

void tale_fail(const Chronicle *chronicle, const Tale *tale, const char *what, Slice found) {
        FAIL_TEST("%s.story:%zu: %s: %.*s", chronicle->name, tale->line, what, SLICE_ARGS(found));
}

Slice tale_take_word(Slice *rest) {
        size_t end = slice_find(*rest, slice_text(" "));
        Slice word = slice_head(*rest, end);

        *rest = slice_from(*rest, end);
        while (rest->n && rest->data[0] == ' ')
                *rest = slice_from(*rest, 1);
        return word;
}

static size_t indent_of(Slice line) {
        size_t n = 0;

        while (n < line.n && line.data[n] == ' ')
                n++;
        return n;
}

static Slice take_line(Chronicle *chronicle, Slice *rest) {
        size_t end = slice_find(*rest, slice_text("\n"));
        Slice line = slice_head(*rest, end);

        *rest = slice_from(*rest, end + 1);
        chronicle->line++;
        return line;
}

static void read_head(Chronicle *chronicle, Slice line, Tale *tale) {
        Slice time = tale_take_word(&line), option;

        if (time_parse(time, &tale->wall_ms) != 0)
                tale_fail(chronicle, tale, "no time", time);
        tale->who = tale_take_word(&line);
        tale->kind = tale_take_word(&line);
        while (line.n) {
                option = tale_take_word(&line);
                if (slice_is(option, "as"))
                        tale->label = tale_take_word(&line);
                else if (slice_is(option, "refused"))
                        tale->refused = tale_take_word(&line);
                else
                        tale->refused = option; /* of a directive: its argument */
        }
}

static void read_field(Chronicle *chronicle, Slice line, Tale *tale) {
        size_t indent = indent_of(line);
        Slice rest = slice_from(line, indent);
        TaleField *field = tale->n_fields ? &tale->fields[tale->n_fields - 1] : NULL;

        if (indent < MORE_INDENT) {
                CHECK(tale->n_fields < TALE_FIELDS_MAX);
                tale->fields[tale->n_fields].name = tale_take_word(&rest);
                tale->fields[tale->n_fields++].value = rest;
                return;
        }
        if (!field || field->n_more == TALE_LINES_MAX)
                tale_fail(chronicle, tale, "a line of no field, or too many", line);
        field->more[field->n_more++] = rest;
}

/* False: there is no further one. */
static bool read_tale(Chronicle *chronicle, Slice *rest, Tale *tale) {
        *tale = (Tale){.line = 0};
        while (rest->n) {
                Slice line = slice_head(*rest, slice_find(*rest, slice_text("\n")));

                if (tale->line && line.n && indent_of(line) == 0)
                        return true;
                (void)take_line(chronicle, rest);
                if (line.n == 0 || line.data[0] == '#')
                        continue;
                if (tale->line) {
                        read_field(chronicle, line, tale);
                        continue;
                }
                tale->line = chronicle->line;
                read_head(chronicle, line, tale);
        }
        return tale->line > 0;
}

/* ---- who says it ---- */

const TaleField *tale_find(const Tale *tale, const char *name) {
        for (size_t i = 0; i < tale->n_fields; i++)
                if (slice_is(tale->fields[i].name, name))
                        return &tale->fields[i];
        return NULL;
}

Who tale_get_who(const Chronicle *chronicle, const Tale *tale) {
        for (int who = 0; who < STRANGER; who++)
                if (slice_is(tale->who, desk_names[who]))
                        return (Who)who;
        tale_fail(chronicle, tale, "nobody is called", tale->who);
}

uint64_t chronicle_find(const Chronicle *chronicle, const char *label) {
        for (size_t i = 0; i < chronicle->n_labels; i++)
                if (strcmp(chronicle->labels[i].name, label) == 0)
                        return chronicle->labels[i].seq;
        FAIL_TEST("%s.story:%zu: no entry is labelled %s", chronicle->name, chronicle->line, label);
}

static void submit(Chronicle *chronicle, const Tale *tale) {
        Desk *desk = &chronicle->desk;
        Who who = tale_get_who(chronicle, tale);
        Message message = tale_make_message(chronicle, tale);
        Id id = {.bytes = {0}};
        uint64_t seq;

        chronicle->n_said++;
        for (int i = 0; i < 8; i++)
                id.bytes[i] = (uint8_t)(chronicle->n_said >> (56 - 8 * i));
        seq = desk_submit_as(desk, who, message, &id);
        if (tale->refused.n) {
                CHECK_EQ_SLICE(slice_text(desk_rule(desk, who)), tale->refused);
                return;
        }
        if (seq == 0)
                tale_fail(chronicle, tale, "refused", slice_text(desk_rule(desk, who)));
        if (!tale->label.n)
                return;
        CHECK(chronicle->n_labels < CHRONICLE_LABELS_MAX);
        chronicle->labels[chronicle->n_labels].name = arena_text(&desk->arena, tale->label);
        chronicle->labels[chronicle->n_labels++].seq = seq;
}

static void check_nobody_pinged(const Chronicle *chronicle, const Tale *tale) {
        const FakePort *port = &chronicle->desk.port;

        for (size_t i = chronicle->n_before; i < port->n_entries; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                CodecFault fault;
                Message message;

                CHECK_EQ_INT(codec_decode(port->entries[i].frame, &arena, &message, &fault), 0);
                if (message.type == MESSAGE_PING && slice_equal(message.ping.who, tale->refused))
                        tale_fail(chronicle, tale, "was pinged", message.ping.what);
        }
}

static void turn_to(Chronicle *chronicle, const Tale *tale) {
        Desk *desk = &chronicle->desk;

        if (tale->wall_ms < desk->port.wall_ms)
                tale_fail(chronicle, tale, "earlier than the line before", tale->who);
        fake_port_turn(&desk->port, tale->wall_ms - desk->port.wall_ms);
        desk_tick(desk);
        desk_forget(desk);
}

static void play(Chronicle *chronicle, const Tale *tale) {
        Desk *desk = &chronicle->desk;

        turn_to(chronicle, tale);
        if (slice_is(tale->kind, "nobody-pinged")) {
                check_nobody_pinged(chronicle, tale);
                return;
        }
        chronicle->n_before = desk->port.n_entries;
        desk_hello(desk, tale_get_who(chronicle, tale));
        if (slice_is(tale->kind, "takes"))
                desk_credit(desk, tale_get_who(chronicle, tale),
                            tale->refused.n ? (uint64_t)(tale->refused.data[0] - '0') : 1, 0, 0);
        else
                submit(chronicle, tale);
}

void chronicle_play(Chronicle *chronicle, const char *name) {
        CoreSettings settings = core_settings_default;
        Arena arena = ARENA_INIT;
        Slice rest;
        Tale *tale;

        *chronicle = (Chronicle){.name = name};
        rest = slice_text(chronicle_read(&arena, arena_printf(&arena, "%s.story", name)));
        tale = arena_alloc(&arena, sizeof *tale);
        settings.lease_ms = LEASE_MS;
        settings.stall_ms = LEASE_MS;
        while (read_tale(chronicle, &rest, tale)) {
                if (!chronicle->desk.core)
                        desk_open_at(&chronicle->desk, &settings, tale->wall_ms);
                play(chronicle, tale);
        }
        arena_deinit(&arena);
}

void chronicle_close(Chronicle *chronicle) {
        for (size_t i = 0; i < chronicle->n_plans; i++)
                plan_deinit(&chronicle->plans[i]);
        desk_close(&chronicle->desk);
}

/* ---- what becomes of it ---- */

static int get_evidence(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame) {
        CorePort port = fake_port_get(userdata);

        return port.evidence_get(port.userdata, digest, arena, ret_frame);
}

static int get_entry(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry) {
        CorePort port = fake_port_get(userdata);

        return port.read(port.userdata, seq, arena, ret_entry);
}

typedef struct Rendering {
        const char *phase;
        State state;
        Journal journal;
        RenderSource source;
        Buf *files;
} Rendering;

static void render_entry(Rendering *rendering, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        CodecFault codec_fault;
        RenderBefore before;
        Message message;
        Section section = {
                .state = &rendering->state,
                .before = &before,
                .entry = entry,
                .message = &message,
                .source = &rendering->source,
        };

        CHECK_EQ_INT(codec_decode(entry->frame, &arena, &message, &codec_fault), 0);
        render_before(&rendering->state, &message, &arena, &before);
        CHECK_EQ_INT(replay_apply(&rendering->state, entry, &message, &fault), 0);
        if (!slice_is(entry->phase, rendering->phase))
                return;
        section.text = &rendering->files[CHRONICLE_REVIEW];
        CHECK_EQ_INT(render_review_entry(&section), 0);
        section.text = &rendering->files[CHRONICLE_JOURNAL];
        CHECK_EQ_INT(render_journal_entry(&rendering->journal,
                                          state_find_phase(&rendering->state, entry->phase),
                                          &section),
                     0);
}

void chronicle_render(const Chronicle *chronicle, const char *phase, size_t n_entries,
                      Buf ret_files[_CHRONICLE_FILE_MAX]) {
        const FakePort *port = &chronicle->desk.port;
        Rendering rendering = {
                .phase = phase,
                .source = {(void *)port, get_evidence, get_entry},
                .files = ret_files,
        };
        const PhaseRecord *record;

        state_init(&rendering.state);
        for (size_t i = 0; i < _CHRONICLE_FILE_MAX; i++)
                ret_files[i] = BUF_TEXT;
        render_review_head(slice_text(phase), &ret_files[CHRONICLE_REVIEW]);
        render_journal_head(slice_text(phase), &ret_files[CHRONICLE_JOURNAL]);
        for (size_t i = 0; i < n_entries; i++)
                render_entry(&rendering, &port->entries[i]);
        record = state_find_phase(&rendering.state, slice_text(phase));
        if (record) {
                uint64_t as_of_ms = port->entries[n_entries - 1].received_ms;

                render_status(&rendering.state, record, as_of_ms, &ret_files[CHRONICLE_STATUS]);
                render_backlog(&rendering.state, record, as_of_ms, &ret_files[CHRONICLE_BACKLOG]);
        }
        journal_deinit(&rendering.journal);
        state_deinit(&rendering.state);
}

Ledger *chronicle_write(const Chronicle *chronicle, const char *path) {
        const FakePort *port = &chronicle->desk.port;
        Fault fault = FAULT_INIT;
        Ledger *ledger = NULL;

        if (ledger_open(path, LEDGER_CREATE, &ledger, &fault) != 0)
                FAIL_TEST("%s", fault.found);
        for (size_t i = 0; i < port->n_entries; i++)
                CHECK_EQ_INT(ledger_append(ledger, &port->entries[i]), 0);
        for (size_t i = 0; i < port->n_evidence; i++)
                CHECK_EQ_INT(ledger_evidence_put(ledger, &port->evidence[i].digest,
                                                 port->evidence[i].frame),
                             0);
        CHECK_EQ_INT(ledger_commit(ledger), 0);
        return ledger;
}
