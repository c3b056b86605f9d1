/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A JSON Schema of one fenced block, for editors, from the rows. It accepts what the parser
 * accepts, whether an editor reads scalars as texts or types them; what only the parser knows
 * (order, ids, vacuity) it leaves to it.
 */

#include "plan/plan.h"

#include <stdio.h>

#include "plan/grammar.h"

/* Fragments have ' for ". */
static const struct {
        const char *name, *fragment;
} definitions[] = {
        {"scalar", "{'type':['string','number','boolean','null']}"},
        {"number", "{'type':['number','string'],'pattern':'^([-+0-9.eE]+|.*[$][{].+)$'}"},
        {"duration", "{'type':'string','pattern':'^([0-9]+(ms|s|m|h|d)|.*[$][{].+)$'}"},
        {"size", "{'type':'string','pattern':'^([0-9]+(B|[KMG]iB|[kMG]B)|.*[$][{].+)$'}"},
        {"flag", "{'type':['boolean','string'],'pattern':'^(true|false|.*[$][{].+)$'}"},
        {"texts", "{'anyOf':[{'$ref':'#/$defs/scalar'},"
                  "{'type':'array','minItems':1,'items':{'$ref':'#/$defs/scalar'}}]}"},
        {"ids", "{'anyOf':[{'$ref':'#/$defs/id'},"
                "{'type':'array','minItems':1,'items':{'$ref':'#/$defs/id'}}]}"},
        {"id", "{'type':['string','number','boolean'],'pattern':'^[A-Za-z0-9._-]{1,64}$'}"},
        {"pairs", "{'type':'object','minProperties':1,"
                  "'additionalProperties':{'$ref':'#/$defs/scalar'}}"},
        {"command", "{'anyOf':[{'type':'string','minLength':1},"
                    "{'type':'array','minItems':1,'items':{'$ref':'#/$defs/scalar'}}]}"},
        {"matrix", "{'anyOf':[{'type':'array','minItems':1,'maxItems':1000,'items':"
                   "{'$ref':'#/$defs/pairs'}},{'type':'object','minProperties':1,"
                   "'additionalProperties':{'type':'array','minItems':1,"
                   "'items':{'$ref':'#/$defs/scalar'}}}]}"},
};

/* What a place demands beside its words. */
static const struct {
        unsigned place;
        const char *fragment;
} demands[] = {
        {IN_GIT, "'minProperties':1"},
        {IN_DEFAULTS, "'minProperties':0"},
        {IN_REVISION, "'oneOf':[{'required':['url']},{'required':['run']}]"},
        {IN_LOG, "'oneOf':[{'required':['file']},{'required':['run']}]"},
        {IN_PORT, "'if':{'required':['address'],'properties':{'address':{'pattern':'^/'}}},"
                  "'then':{'not':{'required':['number']}},'else':{'required':['number']}"},
        {IN_TEETH, "'oneOf':[{'required':['patch']},{'required':['run']}]"},
};

static const struct {
        unsigned values;
        const char *name, *plain; /* plain: the definition of what is written without a map */
} views[] = {
        {AS_STREAM, "text", "scalar"},
        {AS_NUMBER, "number", "number"},
        {AS_DURATION, "duration", "duration"},
        {AS_JSON, "json", "scalar"},
        {AS_SIZE, "size", "size"},
        {AS_FLAG, "flag", "flag"},
        {AS_SIGNAL, "signal", "scalar"},
};

static void add_text(Buf *out, const char *text) {
        buf_byte(out, '"');
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        buf_byte(out, '\\');
                buf_byte(out, (uint8_t)*text);
        }
        buf_byte(out, '"');
}

static void add_fragment(Buf *out, const char *fragment) {
        for (; *fragment; fragment++)
                buf_byte(out, *fragment == '\'' ? '"' : (uint8_t)*fragment);
}

/* A comma where something stands before. */
static void add_key(Buf *out, const char *key) {
        if (out->data[out->n - 1] != '{' && out->data[out->n - 1] != '[')
                buf_byte(out, ',');
        add_text(out, key);
        buf_byte(out, ':');
}

static void add_reference(Buf *out, const char *name) {
        buf_printf(out, "{\"$ref\":\"#/$defs/%s\"}", name);
}

static const char *place_name(unsigned place) {
        for (size_t i = 0; i < n_place_rows; i++)
                if (place_rows[i].place == place)
                        return place_rows[i].name;
        return "";
}

/* The description, then what stands in the fragment. */
static void add_described(Buf *out, const char *sentence, const char *fragment) {
        buf_text(out, "{\"description\":");
        add_text(out, sentence);
        if (strcmp(fragment, "{}") != 0)
                buf_byte(out, ',');
        add_fragment(out, fragment + 1);
}

static void add_word(Buf *out, const Word *word) {
        char fragment[128];

        add_key(out, word->word);
        if (word->kind == VALUE_MAP || word->kind == VALUE_DEFAULTS)
                (void)snprintf(fragment, sizeof fragment, "{'$ref':'#/$defs/%s'}",
                               place_name(word->inside));
        else if (word->kind == VALUE_COUNT)
                (void)snprintf(fragment, sizeof fragment,
                               "{'$ref':'#/$defs/count','minimum':%llu,'maximum':%llu}",
                               (unsigned long long)word->least, (unsigned long long)word->most);
        add_described(out, word->sentence,
                      word->kind == VALUE_MAP || word->kind == VALUE_DEFAULTS ||
                                      word->kind == VALUE_COUNT
                              ? fragment
                              : value_rows[word->kind].schema);
}

static void add_required(Buf *out, unsigned place) {
        bool is_first = true;

        for (size_t i = 0; i < n_word_rows; i++) {
                if (!word_rows[i].is_required || !(word_rows[i].places & place))
                        continue;
                if (is_first)
                        add_key(out, "required");
                buf_byte(out, is_first ? '[' : ',');
                add_text(out, word_rows[i].word);
                is_first = false;
        }
        buf_text(out, is_first ? "" : "]");
}

static void add_matcher(Buf *out, const MatcherRow *row, const char *view, const char *plain);

static void add_matcher_words(Buf *out, unsigned values, const char *view, const char *plain) {
        for (size_t i = 0; i < _MATCH_MAX; i++)
                if (matcher_rows[i].values & values)
                        add_matcher(out, &matcher_rows[i], view, plain);
}

/* Exactly one word makes a check, and most kinds must say what is expected. */
static void add_kinds(Buf *out) {
        add_key(out, "oneOf");
        for (size_t kind = 0; kind < _CHECK_MAX; kind++)
                buf_printf(out, "%s{\"required\":[\"%s\"]}", kind ? "," : "[",
                           check_kind_words[kind]);
        buf_byte(out, ']');
        add_key(out, "allOf");
        buf_byte(out, '[');
        for (size_t kind = 0; kind < _CHECK_MAX; kind++) {
                const char *word = check_kind_words[kind];

                if (check_kind_asserts_itself[kind])
                        continue;
                buf_printf(out,
                           "%s{\"if\":{\"required\":[\"%s\"]},\"then\":{\"properties\":"
                           "{\"expect\":{\"$ref\":\"#/$defs/expect-%s\"}}}}",
                           kind ? "," : "", word, word);
        }
        buf_byte(out, ']');
}

static void add_place(Buf *out, const PlaceRow *place) {
        add_key(out, place->name);
        buf_text(out, "{\"type\":\"object\",\"additionalProperties\":false");
        for (size_t i = 0; i < ARRAY_SIZE(demands); i++)
                if (demands[i].place == place->place) {
                        buf_byte(out, ',');
                        add_fragment(out, demands[i].fragment);
                }
        add_required(out, place->place);
        if (place->place == IN_CHECK)
                add_kinds(out);
        add_key(out, "properties");
        buf_byte(out, '{');
        for (size_t i = 0; i < n_word_rows; i++)
                if (word_rows[i].places & place->place)
                        add_word(out, &word_rows[i]);
        if (place->place == IN_EXAMINED)
                add_matcher_words(out, AS_NUMBER, "number", "number");
        buf_text(out, "}}");
}

static void add_list_of(Buf *out, const char *name, unsigned least, unsigned most) {
        buf_printf(out, "{\"type\":\"array\",\"minItems\":%u,\"maxItems\":%u,\"items\":", least,
                   most);
        add_reference(out, name);
        buf_byte(out, '}');
}

static void add_operand(Buf *out, Operand operand, const char *view, const char *plain) {
        cleanup_buf Buf matchers = BUF_TEXT;

        buf_printf(&matchers, "matchers-%s", view);
        switch (operand) {
        case OPERAND_VALUE:
        case OPERAND_BOUND: add_reference(out, plain); return;
        case OPERAND_TEXTS:
        case OPERAND_REGEXES: add_reference(out, "texts"); return;
        case OPERAND_BOOL: add_reference(out, "flag"); return;
        case OPERAND_BOUNDS: add_list_of(out, plain, 2, 2); return;
        case OPERAND_COUNTS:
        case OPERAND_NUMBERS: add_reference(out, "matchers-number"); return;
        case OPERAND_PATHS:
                buf_text(out, "{\"type\":\"object\",\"minProperties\":1,"
                              "\"propertyNames\":{\"pattern\":\"^[$]\"},"
                              "\"additionalProperties\":{\"$ref\":\"#/$defs/matchers-json\"}}");
                return;
        case OPERAND_GROUP: add_reference(out, buf_get_text(&matchers)); return;
        case OPERAND_GROUPS: add_list_of(out, buf_get_text(&matchers), 2, 256); return;
        }
}

static void add_matcher(Buf *out, const MatcherRow *row, const char *view, const char *plain) {
        add_key(out, row->word);
        buf_text(out, "{\"description\":");
        add_text(out, row->sentence);
        buf_text(out, ",\"allOf\":[");
        add_operand(out, row->operand, view, plain);
        buf_text(out, "]}");
}

static void add_matchers(Buf *out, size_t i) {
        buf_printf(out, ",\"matchers-%s\":{\"anyOf\":[", views[i].name);
        add_reference(out, views[i].plain);
        buf_text(out, ",{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,"
                      "\"properties\":{");
        add_matcher_words(out, views[i].values, views[i].name, views[i].plain);
        buf_text(out, "}}]}");
}

static const char *view_name(unsigned values) {
        for (size_t i = 0; i < ARRAY_SIZE(views); i++)
                if (views[i].values == values)
                        return views[i].name;
        return "text";
}

/* A map of names that the plan chooses. */
static void add_named(Buf *out, const char *name) {
        buf_text(out, "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":");
        add_reference(out, name);
        buf_byte(out, '}');
}

static void add_subject(Buf *out, const SubjectRow *row) {
        add_key(out, row->word);
        buf_text(out, "{\"description\":");
        add_text(out, row->sentence);
        buf_text(out, ",\"allOf\":[");
        if (row == &subject_rows[SUBJECT_HEADERS])
                add_named(out, "matchers-text");
        else if (row == &subject_rows[SUBJECT_FILES])
                add_named(out, "expect-file");
        else if (row == &subject_rows[SUBJECT_CERTIFICATE])
                add_reference(out, "certificate");
        else
                buf_printf(out, "{\"$ref\":\"#/$defs/matchers-%s\"}", view_name(row->values));
        buf_text(out, "]}");
}

static void add_expect(Buf *out, size_t kind) {
        buf_printf(out,
                   ",\"expect-%s\":{\"type\":\"object\",\"minProperties\":1,"
                   "\"additionalProperties\":false,\"properties\":{",
                   check_kind_words[kind]);
        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                if (subject_rows[i].checks & 1u << kind)
                        add_subject(out, &subject_rows[i]);
        buf_text(out, "}}");
}

static void add_certificate(Buf *out) {
        buf_text(out, ",\"certificate\":{\"type\":\"object\",\"minProperties\":1,"
                      "\"additionalProperties\":false,\"properties\":{");
        for (size_t i = 0; i < n_fact_rows; i++) {
                char fragment[64];

                (void)snprintf(fragment, sizeof fragment, "{'$ref':'#/$defs/matchers-%s'}",
                               view_name(fact_rows[i].values));
                add_key(out, fact_rows[i].word);
                add_described(out, fact_rows[i].sentence, fragment);
        }
        buf_text(out, "}}");
}

static void add_definitions(Buf *out) {
        buf_text(out, "\"$defs\":{");
        for (size_t i = 0; i < ARRAY_SIZE(definitions); i++) {
                add_key(out, definitions[i].name);
                add_fragment(out, definitions[i].fragment);
        }
        add_key(out, "count");
        add_fragment(out, value_rows[VALUE_COUNT].schema);
        for (size_t i = 0; i < n_place_rows; i++)
                if (place_rows[i].title)
                        add_place(out, &place_rows[i]);
        for (size_t kind = 0; kind < _CHECK_MAX; kind++)
                if (!check_kind_asserts_itself[kind])
                        add_expect(out, kind);
        add_certificate(out);
        for (size_t i = 0; i < ARRAY_SIZE(views); i++)
                add_matchers(out, i);
        buf_text(out, ",\"expect\":{\"type\":\"object\",\"minProperties\":1}}");
}

/* A line for each member of what is not short. */
static void print_indented(Slice json, Buf *text) {
        size_t depth = 0;
        bool is_quoted = false;

        for (size_t i = 0; i < json.n; i++) {
                uint8_t byte = json.data[i];
                bool opens = !is_quoted && (byte == '{' || byte == '[');
                bool closes = !is_quoted && (byte == '}' || byte == ']');

                depth -= closes;
                if (closes)
                        buf_printf(text, "\n%*s", (int)depth, "");
                buf_byte(text, byte);
                depth += opens;
                if (opens || (!is_quoted && byte == ','))
                        buf_printf(text, "\n%*s", (int)depth, "");
                if (byte == '\\' && is_quoted)
                        buf_byte(text, json.data[++i]);
                else if (byte == '"')
                        is_quoted = !is_quoted;
        }
        buf_byte(text, '\n');
}

void plan_print_schema(Buf *text) {
        cleanup_buf Buf out = BUF_TEXT;

        buf_text(&out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                       "\"title\":\"A fenced block of a coldgate plan\","
                       "\"description\":\"A `yaml phase` or a `yaml gate`. Printed from "
                       "lib/plan/grammar.def by tools/describe.\","
                       "\"oneOf\":[{\"$ref\":\"#/$defs/phase\"},{\"$ref\":\"#/$defs/gate\"}],");
        add_definitions(&out);
        buf_byte(&out, '}');
        print_indented(buf_get(&out), text);
}
