/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The rows, and the engine that goes through them. */

#include "verbs/say.h"

#include <string.h>

#include "base/error.h"
#include "proto/codec.h"
#include "verbs/choose.h"

/* ---- rows ---- */

#define KEY_ROW                                                                                       \
        {                                                                                             \
                "key", "FILE",                                                                        \
                        "The secret key to speak with (default: that of the role in .coldgate/keys)." \
        }
#define TIMEOUT_ROW                                                                                \
        { "timeout", "D", "How long to wait for the broker's answer (default: 10s)." }

#define SAY(lower, KIND, hook, said, example) const OptionRow say_options_##lower[] = {
#define ARGUMENT(how, field, more)
#define OPTION(how, field, more, name, value, help) {name, value, help},
#define END_SAY(lower)                                                                             \
        TIMEOUT_ROW, KEY_ROW, {NULL, NULL, NULL},                                                  \
        }                                                                                          \
        ;
#define END_SAY_WAITING(lower)                                                                     \
        KEY_ROW, {NULL, NULL, NULL},                                                               \
        }                                                                                          \
        ;
#include "verbs/say.def"

#define SAY(lower, KIND, hook, said, example)       static const SayField fields_##lower[] = {
#define ARGUMENT(how, field, more)                  {SAY_##how, #field, NULL, more},
#define OPTION(how, field, more, name, value, help) {SAY_##how, #field, name, more},
#define END_SAY(lower)                                                                             \
        }                                                                                          \
        ;
#define END_SAY_WAITING(lower)                                                                     \
        }                                                                                          \
        ;
#include "verbs/say.def"

#define SAY(lower, KIND, hook, said, example)                                                      \
        {#lower,                                                                                   \
         MESSAGE_##KIND,                                                                           \
         say_options_##lower,                                                                      \
         fields_##lower,                                                                           \
         ARRAY_SIZE(fields_##lower),                                                               \
         hook,                                                                                     \
         said,                                                                                     \
         example},
#define ARGUMENT(how, field, more)
#define OPTION(how, field, more, name, value, help)
#define END_SAY(lower)
#define END_SAY_WAITING(lower)
static const SayRow say_rows[] = {
#include "verbs/say.def"
};

const SayRow *say_at(size_t index) {
        return index < ARRAY_SIZE(say_rows) ? &say_rows[index] : NULL;
}

static const SayRow *find_row(const Verb *verb) {
        for (size_t i = 0; i < ARRAY_SIZE(say_rows); i++)
                if (say_rows[i].options == verb->options)
                        return &say_rows[i];
        return NULL;
}

const FieldSpec *say_find_field(MessageType type, const char *name) {
        const RecordSpec *body = &message_spec(type)->body;

        for (size_t i = 0; i < body->n_fields; i++)
                if (strcmp(body->fields[i].name, name) == 0)
                        return &body->fields[i];
        return NULL;
}

void say_init(Say *say, const Args *args, const SayPort *port, uint64_t now_ms) {
        const SayRow *row = find_row(args->verb);

        *say = (Say){.args = args, .row = row, .port = port, .now_ms = now_ms};
        say->message.type = row->type;
        say->said = row->said;
}

void say_deinit(Say *say) {
        arena_deinit(&say->arena);
}

void say_give(Say *say, const char *field) {
        say->given |= UINT64_C(1) << say_find_field(say->row->type, field)->tag;
}

bool say_is_given(const Say *say, const char *field) {
        return field_is_present(say->given, say_find_field(say->row->type, field)->tag);
}

/* ---- filling in ---- */

int say_refuse_missing(const Say *say, const char *what, Fault *reterr_fault) {
        fault_set(reterr_fault, "option-missing", "`%s` wants %s", say->args->verb->name, what);
        fault_next(reterr_fault, "%s %s %s", say->args->program->name, say->args->verb->name,
                   say->row->example);
        return SAY_E_REFUSED;
}

static int read_arguments(Say *say, Fault *fault) {
        size_t n = 0;

        for (size_t i = 0; i < say->row->n_fields; i++) {
                const SayField *field = &say->row->fields[i];
                int r;

                if (field->option || n >= say->args->n_rest)
                        continue;
                r = say_read_value(say, field, say->args->rest[n++], fault);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int read_options(Say *say, Fault *fault) {
        for (size_t i = 0; i < say->row->n_fields; i++) {
                const SayField *field = &say->row->fields[i];
                const char *value;
                int r = 0;

                if (!field->option)
                        continue;
                value = args_get(say->args, field->option);
                if (field->how == SAY_TEXTS)
                        for (size_t k = 0; r == 0 && args_get_nth(say->args, field->option, k); k++)
                                r = say_read_value(say, field,
                                                   args_get_nth(say->args, field->option, k),
                                                   fault);
                else if (value || (field->how == SAY_COMMIT && field->more))
                        r = say_read_value(say, field, value ? value : "HEAD", fault);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* The phase's name, where there is only one that fits. */
static int choose_only_phase(Say *say, Slice *ret_phase, Fault *reterr_fault) {
        const struct phase_status *phase = NULL;
        struct status status;
        int r = say->port->status(say->port->userdata, &say->arena, &status, reterr_fault);

        if (r == 0)
                r = choose_phase(&status, NULL, 0, &phase, reterr_fault);
        if (r != 0)
                return r;
        *ret_phase = phase->phase;
        return 0;
}

static int fill_phase(Say *say, Fault *fault) {
        const FieldSpec *spec = say_find_field(say->row->type, "phase");
        int r;

        if (!spec || spec->presence != REQUIRED || say_is_given(say, "phase"))
                return 0;
        r = choose_only_phase(say, field_at(spec, message_body(&say->message)), fault);
        if (r == 0)
                say_give(say, "phase");
        return r;
}

/* "--why TEXT", or "--until T or --for D". */
static void name_options(const SayRow *row, const char *field, Buf *text) {
        for (size_t i = 0; i < row->n_fields; i++) {
                const char *option = row->fields[i].option;

                if (!option || strcmp(row->fields[i].field, field) != 0)
                        continue;
                for (const OptionRow *o = row->options; o->name; o++)
                        if (strcmp(o->name, option) == 0)
                                buf_printf(text, "%s--%s%s%s", text->n ? " or " : "", option,
                                           o->value ? " " : "", o->value ? o->value : "");
        }
        if (text->n == 0)
                buf_printf(text, "a %s", field);
}

static int check_required(const Say *say, Fault *fault) {
        const RecordSpec *body = &message_spec(say->row->type)->body;

        for (size_t i = 0; i < body->n_fields; i++) {
                const FieldSpec *field = &body->fields[i];
                cleanup_buf Buf text = BUF_TEXT;

                if (field->presence != REQUIRED || field_is_present(say->given, field->tag) ||
                    strcmp(field->name, "phase") == 0)
                        continue; /* a phase is chosen */
                name_options(say->row, field->name, &text);
                return say_refuse_missing(say, buf_get_text(&text), fault);
        }
        return 0;
}

/* The limits of the rows in proto/schema.def, in the words of the command line. */
static int check_limits(const Say *say, Fault *fault) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault codec_fault;
        int r = codec_encode(&say->message, &frame, &codec_fault);

        if (r <= 0)
                return r;
        codec_fault_to_fault(&codec_fault, fault);
        fault->rule = "argument-value";
        return SAY_E_REFUSED;
}

int say_fill(Say *say, Fault *reterr_fault) {
        uint64_t *present = message_body(&say->message);
        int r = read_arguments(say, reterr_fault);

        if (r == 0)
                r = read_options(say, reterr_fault);
        if (r == 0 && say->row->hook)
                r = say->row->hook(say, reterr_fault);
        if (r == 0)
                r = check_required(say, reterr_fault);
        if (r == 0)
                r = fill_phase(say, reterr_fault);
        if (r != 0)
                return r;
        message_set_present(&say->message);
        *present |= say->given;
        return check_limits(say, reterr_fault);
}

int say_run(Say *say, Buf *text, Fault *reterr_fault) {
        uint64_t seq;
        int r = say_fill(say, reterr_fault);

        if (r == 0)
                r = say->port->submit(say->port->userdata, &say->message, &seq, reterr_fault);
        if (r != 0)
                return r;
        if (args_has(say->args, "json"))
                say_describe_json(say, seq, text);
        else
                say_describe(say, seq, text);
        return 0;
}
