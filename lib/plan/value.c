/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One reader for each kind of value. */

#include "plan/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>

#include "base/clock.h"
#include "base/size.h"
#include "plan/jsonpath.h"
#include "plan/regex.h"
#include "plan/substitute.h"
#include "plan/visible.h"

static const char id_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* A word of a choice is stored as its place: in an enum, or in a bool where there are two. */
static const struct {
        const char *words[3];
        unsigned first; /* the place of the first */
        bool is_flag;
} choices[_VALUE_MAX] = {
        [VALUE_NETWORK] = {.words = {"none", "host"}},
        [VALUE_ON] = {.words = {"sandbox", "host"}},
        [VALUE_FORMAT] = {.words = {"junit", "tap"}},
        [VALUE_FLAKY] = {.words = {"fail", "warn"}, .is_flag = true},
        [VALUE_LEFTOVERS] = {.words = {"fail", "note"}, .first = LEFTOVERS_FAIL},
        [VALUE_EVIDENCE] = {.words = {"shown", "must-match"}, .is_flag = true},
};

bool value_is_made_of(Slice text, const char *letters) {
        for (size_t i = 0; i < text.n; i++)
                if (!text.data[i] || !strchr(letters, text.data[i]))
                        return false;
        return text.n > 0;
}

void value_refuse(Build *build, const Word *word, const YamlNode *node, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;
        Fault *fault;

        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        fault = faults_add(build->faults, node->place, "plan-value", "`%s` is %s; here is %s",
                           word->word, value_rows[word->kind].sentence, buf_get_text(&text));
        fault_next(fault, "for example `%s: %s`", word->word, word->example);
}

void value_refuse_text(Build *build, const Word *word, const YamlNode *node, Slice text) {
        cleanup_buf Buf shown = BUF_TEXT;

        substitute_show(&shown, text, EXCERPT_BYTES);
        value_refuse(build, word, node, "\"%s\"", buf_get_text(&shown));
}

bool value_get_text(Build *build, const Word *word, const YamlNode *node, Slice *ret_text) {
        if (node->kind != YAML_KIND_TEXT) {
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
                return false;
        }
        *ret_text = node->text;
        switch (word->places & IN_PHASE ? NO_VARIABLES : value_rows[word->kind].variables) {
        case VARIABLES: return substitute_now(build, node, ret_text);
        case LATE_VARIABLES: return substitute(build, node, ret_text);
        case NO_VARIABLES: return true;
        }
        return true;
}

/* The same, within the row's limits. */
static bool get_bounded(Build *build, const Word *word, const YamlNode *node, Slice *ret_text) {
        Slice text;

        if (!value_get_text(build, word, node, &text))
                return false;
        if (text.n < word->least || text.n > word->most) {
                value_refuse(build, word, node, "a text of %zu bytes, not %llu to %llu", text.n,
                             (unsigned long long)word->least, (unsigned long long)word->most);
                return false;
        }
        *ret_text = text;
        return true;
}

size_t value_count(const YamlNode *node) {
        return node->kind == YAML_KIND_TEXT ? 1 : node->n_entries;
}

const YamlNode *value_at(const YamlNode *node, size_t i) {
        return node->kind == YAML_KIND_TEXT ? node : node->entries[i].value;
}

bool id_is_good(Slice id) {
        return id.n <= ID_BYTES_MAX && value_is_made_of(id, id_letters);
}

void value_read_version(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)target;
        if (node->kind != YAML_KIND_TEXT || !slice_is(node->text, "1"))
                value_refuse(build, word, node, "another version");
}

void value_read_id(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *id = value_member(word, target);

        if (get_bounded(build, word, node, id) && !id_is_good(*id))
                value_refuse_text(build, word, node, *id);
}

void value_read_text(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *text = value_member(word, target);

        if (get_bounded(build, word, node, text) && visible_has_hidden(*text))
                value_refuse_text(build, word, node, *text);
}

void value_read_script(Build *build, const Word *word, const YamlNode *node, void *target) {
        if (get_bounded(build, word, node, value_member(word, target)))
                (void)substitute_is_shell(build, node);
}

void value_read_patch(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)get_bounded(build, word, node, value_member(word, target));
}

void value_read_scalar(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)get_bounded(build, word, node, value_member(word, target));
}

static void refuse_unit(Build *build, const Word *word, const YamlNode *node, Slice text,
                        const char *unit) {
        Fault *fault = faults_add(build->faults, node->place, "plan-unit", "`%s: %.*s` has no unit",
                                  word->word, (int)size_min(text.n, ID_BYTES_MAX),
                                  (const char *)text.data);

        fault_next(fault, "did you mean `%s: %.*s%s`?", word->word,
                   (int)size_min(text.n, ID_BYTES_MAX), (const char *)text.data, unit);
}

void value_read_duration(Build *build, const Word *word, const YamlNode *node, void *target) {
        uint64_t ms = 0;
        Slice text;
        int r;

        if (!value_get_text(build, word, node, &text))
                return;
        r = duration_parse(text, &ms);
        if (r == DURATION_E_NO_UNIT)
                refuse_unit(build, word, node, text, "s");
        else if (r != 0)
                value_refuse_text(build, word, node, text);
        else if (ms < word->least || ms > word->most)
                value_refuse(build, word, node, "one that is not in %llums to %llums",
                             (unsigned long long)word->least, (unsigned long long)word->most);
        else
                *(uint64_t *)value_member(word, target) = ms;
}

void value_read_size(Build *build, const Word *word, const YamlNode *node, void *target) {
        uint64_t bytes = 0;
        Slice text;
        int r;

        if (!value_get_text(build, word, node, &text))
                return;
        r = size_parse(text, &bytes);
        if (r == SIZE_E_NO_UNIT)
                refuse_unit(build, word, node, text, "MiB");
        else if (r != 0)
                value_refuse_text(build, word, node, text);
        else if (bytes < word->least || bytes > word->most)
                value_refuse(build, word, node, "one that is not in %lluB to %lluB",
                             (unsigned long long)word->least, (unsigned long long)word->most);
        else
                *(uint64_t *)value_member(word, target) = bytes;
}

void value_read_count(Build *build, const Word *word, const YamlNode *node, void *target) {
        uint64_t number = 0;
        Slice text;

        if (!value_get_text(build, word, node, &text))
                return;
        for (size_t i = 0; i < text.n && isdigit(text.data[i]) && number <= word->most; i++)
                number = number * 10 + (uint64_t)(text.data[i] - '0');
        if (!value_is_made_of(text, "0123456789")) {
                value_refuse_text(build, word, node, text);
                return;
        }
        if (number < word->least || number > word->most) {
                value_refuse(build, word, node, "one that is not in %llu to %llu",
                             (unsigned long long)word->least, (unsigned long long)word->most);
                return;
        }
        *(uint64_t *)value_member(word, target) = number;
}

void value_read_bool(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice text;

        if (!value_get_text(build, word, node, &text))
                return;
        if (!slice_is(text, "true") && !slice_is(text, "false"))
                value_refuse_text(build, word, node, text);
        *(bool *)value_member(word, target) = slice_is(text, "true");
}

void value_read_choice(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice text;

        if (!value_get_text(build, word, node, &text))
                return;
        for (unsigned i = 0; choices[word->kind].words[i]; i++) {
                if (!slice_is(text, choices[word->kind].words[i]))
                        continue;
                if (choices[word->kind].is_flag)
                        *(bool *)value_member(word, target) = i;
                else
                        *(unsigned *)value_member(word, target) = choices[word->kind].first + i;
                return;
        }
        value_refuse_text(build, word, node, text);
}

void value_read_regex(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *pattern = value_member(word, target);
        char reason[REGEX_TEXT_BYTES];

        if (get_bounded(build, word, node, pattern) && regex_check(*pattern, reason) != 0)
                value_refuse(build, word, node, "one that does not compile: %s", reason);
}

/* Inside the repository, whatever the working directory. */
bool path_is_good(Slice path) {
        if (path.n == 0 || path.n > 1024 || path.data[0] == '/')
                return false;
        while (path.n) {
                size_t n = slice_find(path, slice_text("/"));
                Slice part = slice_head(path, n);

                if (slice_is(part, "..") || slice_is(part, ".") || part.n == 0)
                        return false;
                path = slice_from(path, n + 1);
        }
        return true;
}

void value_read_directory(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *path = value_member(word, target);

        if (get_bounded(build, word, node, path) && !path_is_good(*path))
                value_refuse_text(build, word, node, *path);
}

/* Whether it may be absolute is known when all words of the check are. */
void value_read_any_path(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *path = value_member(word, target);

        if (get_bounded(build, word, node, path) && path->data[0] != '/' && !path_is_good(*path))
                value_refuse_text(build, word, node, *path);
}

void value_read_host_path(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *path = value_member(word, target);

        if (get_bounded(build, word, node, path) && path->data[0] != '/')
                value_refuse_text(build, word, node, *path);
}

void value_read_address(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *address = value_member(word, target);
        uint8_t bytes[sizeof(struct in6_addr)];

        if (get_bounded(build, word, node, address) && address->data[0] != '/' &&
            inet_pton(AF_INET, arena_text(&build->plan->arena, *address), bytes) != 1 &&
            inet_pton(AF_INET6, arena_text(&build->plan->arena, *address), bytes) != 1)
                value_refuse_text(build, word, node, *address);
}

static bool url_is_good(Slice url) {
        Slice rest = url;

        if (slice_equal(slice_head(url, 7), slice_text("http://")))
                rest = slice_from(url, 7);
        else if (slice_equal(slice_head(url, 8), slice_text("https://")))
                rest = slice_from(url, 8);
        for (size_t i = 0; i < url.n; i++)
                if (url.data[i] <= ' ' || (url.data[i] >= 0x7f && url.data[i] != LATE_BYTE))
                        return false;
        return rest.n < url.n && rest.n > 0 && rest.data[0] != '/';
}

void value_read_url(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *url = value_member(word, target);

        if (get_bounded(build, word, node, url) && !url_is_good(*url))
                value_refuse_text(build, word, node, *url);
}

void value_read_method(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *method = value_member(word, target);

        if (get_bounded(build, word, node, method) &&
            !value_is_made_of(*method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
                value_refuse_text(build, word, node, *method);
}

void value_read_json_path(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *path = value_member(word, target);

        if (get_bounded(build, word, node, path) && !jsonpath_is_valid(*path))
                value_refuse_text(build, word, node, *path);
}

void value_read_commit(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *commit = value_member(word, target);

        if (value_get_text(build, word, node, commit) &&
            ((commit->n != 40 && commit->n != 64) ||
             !value_is_made_of(*commit, "0123456789abcdef")))
                value_refuse_text(build, word, node, *commit);
}
