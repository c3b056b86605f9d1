/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Short forms and long ones. */

#include "plan/parts.h"

#include "plan/build_check.h"
#include "plan/expect.h"
#include "plan/visible.h"

/* The row of a word of the long form, under the name that stands in the plan. */
static const Word *short_form(const Word *word, unsigned inside, const char *name, Word *inner) {
        *inner = *grammar_find_word(inside, slice_text(name));
        inner->word = word->word;
        inner->example = word->example;
        return inner;
}

void parts_read_lock(Build *build, const Word *word, const YamlNode *node, void *target) {
        PlanLock *lock = value_member(word, target);
        Word inner;

        if (node->kind == YAML_KIND_MAP) {
                build_words(build, node, IN_LOCK, lock);
                lock->is_shared = true;
                return;
        }
        value_read_id(build, short_form(word, IN_LOCK, "shared", &inner), node, lock);
}

void parts_read_unchanged(Build *build, const Word *word, const YamlNode *node, void *target) {
        Word inner;

        if (node->kind == YAML_KIND_MAP)
                build_words(build, node, word->inside, target);
        else
                value_read_scripts(build, short_form(word, word->inside, "run", &inner), node,
                                   target);
}

void parts_read_question(Build *build, const Word *word, const YamlNode *node, void *target) {
        Check *check = target;

        if (!value_get_text(build, word, node, &check->question))
                return;
        if (check->question.n == 0 || check->question.n > TEXT_BYTES_MAX ||
            visible_has_hidden(check->question))
                value_refuse_text(build, word, node, check->question);
}

/* `from` is a word of its own, the rest are matchers of a number. */
void parts_read_examined(Build *build, const Word *word, const YamlNode *node, void *target) {
        const YamlNode *from = node->kind == YAML_KIND_MAP ? build_find(node, "from") : NULL;
        Check *check = target;

        if (from)
                value_read_regex(build, grammar_find_word(word->inside, slice_text("from")), from,
                                 check);
        if (!from || node->n_entries > 1)
                check->examined = expect_read_examined(build, check, node);
}

void parts_read_teeth(Build *build, const Word *word, const YamlNode *node, void *target) {
        size_t n = node->kind == YAML_KIND_LIST ? node->n_entries : 1;
        Check *check = target;

        if (node->kind == YAML_KIND_TEXT || n == 0 || n > TEETH_MAX) {
                if (node->kind == YAML_KIND_TEXT)
                        value_refuse(build, word, node, "a text");
                else
                        value_refuse(build, word, node, "a list of %zu", n);
                return;
        }
        check->teeth = arena_alloc_array(&build->plan->arena, n, sizeof *check->teeth);
        check->n_teeth = n;
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = node->kind == YAML_KIND_LIST ? value_at(node, i) : node;

                check->teeth[i].place = item->place;
                if (item->kind == YAML_KIND_MAP)
                        build_words(build, item, word->inside, &check->teeth[i]);
                else
                        value_refuse(build, word, item, "%s in it", yaml_kind_name(item->kind));
        }
}

void parts_read_break(Build *build, const Word *word, const YamlNode *node, void *target) {
        Teeth *teeth = target;

        (void)build_command(build, word, node, &teeth->is_shell, &teeth->command,
                            &teeth->n_command);
}

/* The id is said so that a person who moves the teeth to another check is told. */
void parts_read_failure(Build *build, const Word *word, const YamlNode *node, void *target) {
        Teeth *teeth = target;
        bool is_map = node->kind == YAML_KIND_MAP && node->n_entries == 1;
        Slice id = is_map ? node->entries[0].key : node->text;
        Fault *fault;

        if (!is_map && node->kind != YAML_KIND_TEXT) {
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
                return;
        }
        if (is_map && (node->entries[0].value->kind != YAML_KIND_TEXT ||
                       node->entries[0].value->text.n == 0)) {
                value_refuse(build, word, node, "no place of an assertion");
                return;
        }
        if (is_map)
                teeth->assertion = node->entries[0].value->text;
        if (slice_equal(id, build->family))
                return;
        fault = faults_add(build->faults, node->place, "plan-teeth",
                           "`expect-fail: %.*s` is not the check that the teeth belong to",
                           (int)size_min(id.n, ID_BYTES_MAX), (const char *)id.data);
        fault_next(fault, "did you mean `expect-fail: %.*s`?", SLICE_ARGS(build->family));
}
