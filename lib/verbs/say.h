/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Saying something from the command line: rows (say.def) tell how each field of an entry is filled
 * from the arguments, one engine reads them, submits, and prints what it became. What the engine
 * must ask or tell goes through a port, so that an agent's session and an operator's errand both
 * fit, and tests need neither.
 */

#include "base/arena.h"
#include "base/options.h"
#include "proto/message.h"

enum { SAY_COMMIT_BYTES = 65 };

typedef enum SayHow {
        SAY_PHASE,
        SAY_TEXT,
        SAY_BODY,
        SAY_TEXTS,
        SAY_WORD,
        SAY_FLAG,
        SAY_ENTRY,
        SAY_COMMIT,
        SAY_UNTIL,
        SAY_FOR,
        SAY_DURATION,
        SAY_HOOK,
} SayHow;

typedef struct SayField {
        SayHow how;
        const char *field;  /* of the message */
        const char *option; /* NULL: the next argument */
        int more;           /* as say.def says */
} SayField;

enum { _SAY_E_SUCCESS, SAY_E_REFUSED };

/* Each: 0, or SAY_E_REFUSED with the fault filled in. */
typedef struct SayPort {
        void *userdata;
        int (*status)(void *userdata, Arena *arena, struct status *ret_status, Fault *reterr_fault);
        /* The full id of what a person calls a commit. */
        int (*commit)(void *userdata, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                      Fault *reterr_fault);
        int (*submit)(void *userdata, const Message *message, uint64_t *ret_seq,
                      Fault *reterr_fault);
        /* Who speaks; NULL and a fault if that cannot be known. */
        const char *(*name)(void *userdata, Fault *reterr_fault);
} SayPort;

/* One saying, on its way. */
typedef struct Say {
        const Args *args;
        const struct SayRow *row;
        const SayPort *port;
        uint64_t now_ms; /* wall time */
        Arena arena;     /* holds what the message points to */
        Message message;
        uint64_t given;   /* a bit for each tag that was said, whatever its value */
        const char *said; /* the row's, unless the hook knows better */
} Say;

typedef struct SayRow {
        const char *name;
        MessageType type;
        const OptionRow *options; /* which is how a verb names its row */
        const SayField *fields;
        size_t n_fields;
        int (*hook)(Say *say, Fault *reterr_fault);
        const char *said, *example;
} SayRow;

#define SAY(lower, KIND, hook, said, example) extern const OptionRow say_options_##lower[];
#define ARGUMENT(how, field, more)
#define OPTION(how, field, more, name, value, help)
#define END_SAY(lower)
#define END_SAY_WAITING(lower)
#include "verbs/say.def"

/* All of them, for tests; NULL behind the last. */
const SayRow *say_at(size_t index);

void say_init(Say *say, const Args *args, const SayPort *port, uint64_t now_ms);
void say_deinit(Say *say);
#define cleanup_say cleanup(say_deinit)

/* Fills in the message. Rules: argument-value, option-missing, option-value, file-unreadable, what
 * the port refuses. */
int say_fill(Say *say, Fault *reterr_fault) must_check;
/* What it became: a sentence, or {"version":1,"close":{"seq":31,"name":"E-31",…the fields…}}. */
void say_describe(const Say *say, uint64_t seq, Buf *text);
void say_describe_json(const Say *say, uint64_t seq, Buf *text);
/* say_fill, submit, describe; the text is for standard output. */
int say_run(Say *say, Buf *text, Fault *reterr_fault) must_check;

/* ---- for the hooks and the verbs around them ---- */

/* A field counts as said, whatever its value. */
void say_give(Say *say, const char *field);
bool say_is_given(const Say *say, const char *field);
const FieldSpec *say_find_field(MessageType type, const char *name);
/* Rule option-missing, with the row's example. */
int say_refuse_missing(const Say *say, const char *what, Fault *reterr_fault);

/* ---- say_hook.c: what no row can say ---- */
int say_find_pause(Say *say, Fault *reterr_fault) must_check;
int say_hold(Say *say, Fault *reterr_fault) must_check;
int say_note(Say *say, Fault *reterr_fault) must_check;
int say_finding(Say *say, Fault *reterr_fault) must_check;
int say_defer(Say *say, Fault *reterr_fault) must_check;
int say_waive(Say *say, Fault *reterr_fault) must_check;

/* ---- say_value.c: one value ---- */
/* Reads `value` (NULL for a flag) into the field of the message. */
int say_read_value(Say *say, const SayField *row, const char *value,
                   Fault *reterr_fault) must_check;
