/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Matchers: words to rows, groups, and views into a value. */

#include "plan/aim.h"

#include "plan/jsonpath.h"

void aim_refuse(const Aim *aim, MatchOp op, const YamlNode *node, const char *found) {
        Fault *fault = faults_add(aim->build->faults, node->place, "plan-value", "`%s.%s`: %s",
                                  aim->where, matcher_rows[op].word, found);

        fault_next(fault, "for example `%s: %s`", matcher_rows[op].word, matcher_rows[op].example);
}

void aim_refuse_empty(const Aim *aim, PlanPlace place) {
        Fault *fault = faults_add(aim->build->faults, place, "vacuous-expectation",
                                  "`%s` asserts nothing", aim->where);

        fault_next(fault, "say what must hold, or leave it out");
}

static void add_part(const Aim *aim, const Matcher *matcher) {
        Matcher *parts = arena_grow(&aim->build->plan->arena, (Matcher *)aim->group->parts,
                                    aim->group->n_parts, sizeof *parts);

        parts[aim->group->n_parts++] = *matcher;
        aim->group->parts = parts;
}

void aim_add(const Aim *aim, PlanPlace place, Matcher matcher) {
        Check *check = aim->check;
        Arena *arena = &aim->build->plan->arena;

        if (*aim->n_matchers >= EXPECTATIONS_MAX) {
                faults_add(aim->build->faults, place, "plan-limit",
                           "a check has more than %d assertions", EXPECTATIONS_MAX);
                return;
        }
        ++*aim->n_matchers;
        matcher.view = aim->view;
        matcher.path = aim->path;
        matcher.place = place;
        if (!matcher.where.n)
                matcher.where = slice_text(
                        arena_printf(arena, "%s.%s", aim->where, matcher_rows[matcher.op].word));
        if (aim->group) {
                add_part(aim, &matcher);
                return;
        }
        check->expectations = arena_grow(arena, check->expectations, check->n_expectations,
                                         sizeof *check->expectations);
        check->expectations[check->n_expectations] = (Expectation){
                .subject = aim->subject,
                .name = aim->name,
                .fact = aim->fact,
                .matcher = arena_alloc(arena, sizeof matcher),
                .place = place,
        };
        *check->expectations[check->n_expectations++].matcher = matcher;
}

Aim aim_inside(const Aim *aim, MatchView view, unsigned values, const char *word) {
        Aim inner = *aim;

        inner.view = view;
        inner.values = values;
        inner.where = arena_printf(&aim->build->plan->arena, "%s.%s", aim->where, word);
        return inner;
}

static void read_paths(const Aim *aim, MatchOp op, const YamlNode *node) {
        if (node->kind != YAML_KIND_MAP) {
                aim_refuse(aim, op, node, "a map of paths is wanted");
                return;
        }
        if (node->n_entries == 0)
                aim_refuse_empty(aim, node->place);
        for (size_t i = 0; i < node->n_entries; i++) {
                const YamlEntry *entry = &node->entries[i];
                Aim inner = aim_inside(aim, VIEW_JSON, AS_JSON, matcher_rows[op].word);

                if (!jsonpath_is_valid(entry->key)) {
                        aim_refuse(aim, op, entry->value,
                                   "a path begins with `$`, as in `$.items[0].name`");
                        continue;
                }
                inner.path = entry->key;
                inner.where = arena_printf(&aim->build->plan->arena, "%s.%.*s", inner.where,
                                           SLICE_ARGS(entry->key));
                aim_read(&inner, entry->value);
        }
}

/* False after a fault. */
static bool may_nest(const Aim *aim, PlanPlace place) {
        if (aim->depth < GROUPS_DEPTH_MAX)
                return true;
        faults_add(aim->build->faults, place, "plan-limit",
                   "`all`, `any` and `not` stand in each other more than %d deep",
                   GROUPS_DEPTH_MAX);
        return false;
}

/* What stands in the node as one matcher. */
static Matcher read_group(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher group = {.op = op, .where = slice_text(aim->where)};
        Aim inner = *aim;

        inner.group = &group;
        inner.depth++;
        aim_read(&inner, node);
        return group;
}

static void read_not(const Aim *aim, MatchOp op, const YamlNode *node) {
        Aim inner = aim_inside(aim, aim->view, aim->values, matcher_rows[op].word);
        Matcher group;

        if (!may_nest(aim, node->place))
                return;
        group = read_group(&inner, op, node);
        if (group.n_parts)
                aim_add(aim, node->place, group);
}

static void read_branches(const Aim *aim, MatchOp op, const YamlNode *node) {
        Arena *arena = &aim->build->plan->arena;
        Matcher any = {.op = op};
        Aim outer = *aim;

        outer.group = &any;
        for (size_t i = 0; i < node->n_entries; i++) {
                const YamlNode *item = node->entries[i].value;
                const char *word = arena_printf(arena, "%s[%zu]", matcher_rows[op].word, i);
                Aim inner = aim_inside(aim, aim->view, aim->values, word);
                Matcher branch;

                if (op == MATCH_ALL) {
                        inner.depth++;
                        aim_read(&inner, item);
                        continue;
                }
                branch = read_group(&inner, MATCH_ALL, item);
                if (branch.n_parts == 1)
                        add_part(&outer, &branch.parts[0]);
                else if (branch.n_parts)
                        aim_add(&outer, item->place, branch);
        }
        if (any.n_parts)
                aim_add(aim, node->place, any);
}

static void read_groups(const Aim *aim, MatchOp op, const YamlNode *node) {
        if (node->kind != YAML_KIND_LIST || node->n_entries < 2)
                aim_refuse(aim, op, node, "a list of at least two is wanted");
        else if (may_nest(aim, node->place))
                read_branches(aim, op, node);
}

static void read_matcher(const Aim *aim, MatchOp op, const YamlNode *node) {
        const char *word = matcher_rows[op].word;
        Aim inner;

        switch (matcher_rows[op].operand) {
        case OPERAND_COUNTS:
                inner = aim_inside(aim, VIEW_LINE_COUNT, AS_NUMBER, word);
                aim_read(&inner, node);
                return;
        case OPERAND_NUMBERS:
                inner = aim_inside(aim, VIEW_NUMBER, AS_NUMBER, word);
                aim_read(&inner, node);
                return;
        case OPERAND_PATHS: read_paths(aim, op, node); return;
        case OPERAND_GROUP: read_not(aim, op, node); return;
        case OPERAND_GROUPS: read_groups(aim, op, node); return;
        case OPERAND_VALUE:
        case OPERAND_TEXTS:
        case OPERAND_REGEXES:
        case OPERAND_BOOL:
        case OPERAND_BOUND:
        case OPERAND_BOUNDS: aim_read_operand(aim, op, node); return;
        }
}

static int find_matcher(unsigned values, Slice word) {
        for (int op = 0; op < _MATCH_MAX; op++)
                if ((matcher_rows[op].values & values) && slice_is(word, matcher_rows[op].word))
                        return op;
        return -1;
}

/* A typo, or a matcher of something else. */
static void refuse_matcher(const Aim *aim, const YamlEntry *entry) {
        int op = find_matcher(~0u, entry->key);
        cleanup_buf Buf values = BUF_TEXT;
        Fault *fault;

        if (op < 0) {
                grammar_refuse(IN_MATCHERS, entry->key, entry->place, aim->build->faults);
                return;
        }
        grammar_describe_values(matcher_rows[op].values, &values);
        fault = faults_add(aim->build->faults, entry->place, "plan-word-place",
                           "`%s` does not stand in `%s`: it looks at %s", matcher_rows[op].word,
                           aim->where, buf_get_text(&values));
        if (aim->values & AS_STREAM)
                fault_next(fault, "put it into `line-count`, `number` or `jsonpath`");
}

void aim_read(const Aim *aim, const YamlNode *node) {
        if (node->kind == YAML_KIND_TEXT) {
                aim_read_operand(aim, MATCH_EQUALS, node);
                return;
        }
        if (node->kind == YAML_KIND_LIST) {
                Fault *fault =
                        faults_add(aim->build->faults, node->place, "plan-value",
                                   "`%s` is a list; a map of matchers is wanted", aim->where);

                fault_next(fault, "for example `contains: [ready, listening]`");
                return;
        }
        if (node->n_entries == 0)
                aim_refuse_empty(aim, node->place);
        for (size_t i = 0; i < node->n_entries; i++) {
                const YamlEntry *entry = &node->entries[i];
                int op = find_matcher(aim->values, entry->key);

                if (op < 0)
                        refuse_matcher(aim, entry);
                else
                        read_matcher(aim, (MatchOp)op, entry->value);
        }
}
