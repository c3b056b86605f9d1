/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Fenced blocks by cmark. What a person may take for a gate must never be passed over in silence:
 * near misses of the info string are refused, as are blocks inside lists and quotations.
 */

#include "plan/fence.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include <cmark.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "plan/visible.h"

static const char *const kind_words[] = {[FENCE_PHASE] = "phase", [FENCE_GATE] = "gate"};

enum { FENCE_LEAST = 3 };

typedef struct Finding {
        Slice markdown;
        Arena *arena;
        FaultList *faults;
        size_t *lines; /* where each begins */
        size_t n_lines;
        Fence *fences;
        size_t n_fences;
} Finding;

static Slice next_word(Slice *text) {
        size_t start = 0, end;
        Slice word;

        while (start < text->n && isspace(text->data[start]))
                start++;
        for (end = start; end < text->n && !isspace(text->data[end]); end++)
                ;
        word = slice_head(slice_from(*text, start), end - start);
        *text = slice_from(*text, end);
        return word;
}

static bool is_word_ignoring_case(Slice word, const char *wanted) {
        return word.data && word.n == strlen(wanted) &&
               strncasecmp((const char *)word.data, wanted, word.n) == 0;
}

/* The kind whose word this nearly is; -1 if none. */
static int nearest_kind(Slice word) {
        char lower[8] = "";
        const char *nearest;

        if (word.n >= sizeof lower)
                return -1;
        for (size_t i = 0; i < word.n; i++)
                lower[i] = (char)tolower(word.data[i]);
        nearest = nearest_word(slice_text(lower), kind_words, ARRAY_SIZE(kind_words));
        for (size_t i = 0; nearest && i < ARRAY_SIZE(kind_words); i++)
                if (strcmp(kind_words[i], nearest) == 0)
                        return (int)i;
        return -1;
}

typedef enum InfoMeaning { INFO_OTHER, INFO_OURS, INFO_NEARLY } InfoMeaning;

static InfoMeaning info_read(Slice info, FenceKind *ret_kind) {
        Slice rest = info;
        Slice language = next_word(&rest), word = next_word(&rest);
        bool is_yaml =
                is_word_ignoring_case(language, "yaml") || is_word_ignoring_case(language, "yml");
        int kind = nearest_kind(is_yaml ? word : language);

        if (kind < 0 || (!is_yaml && !is_word_ignoring_case(language, kind_words[kind])))
                return INFO_OTHER;
        *ret_kind = (FenceKind)kind;
        return slice_is(language, "yaml") && slice_is(word, kind_words[kind]) ? INFO_OURS
                                                                              : INFO_NEARLY;
}

static void lines_find(Finding *finding) {
        Slice text = finding->markdown;

        for (size_t i = 0; i < text.n; i += slice_find(slice_from(text, i), slice_text("\n")) + 1) {
                finding->lines = arena_grow(finding->arena, finding->lines, finding->n_lines,
                                            sizeof *finding->lines);
                finding->lines[finding->n_lines++] = i;
        }
}

static Slice line_at(const Finding *finding, int line) {
        Slice rest = SLICE_NULL;

        if (line > 0 && (size_t)line <= finding->n_lines)
                rest = slice_from(finding->markdown, finding->lines[line - 1]);
        return slice_head(rest, slice_find(rest, slice_text("\n")));
}

/* How many backticks or tildes the line begins with. */
static size_t fence_run(Slice line, Slice *ret_rest) {
        size_t start = 0, i;

        while (start < line.n && start < 3 && line.data[start] == ' ')
                start++;
        i = start;
        while (i < line.n && line.data[i] == line.data[start] &&
               (line.data[i] == '`' || line.data[i] == '~'))
                i++;
        *ret_rest = slice_from(line, i);
        return i - start;
}

static bool is_closed(const Finding *finding, cmark_node *block) {
        int first = cmark_node_get_start_line(block), last = cmark_node_get_end_line(block);
        Slice rest, info;
        size_t opening = fence_run(line_at(finding, first), &info);
        size_t closing = fence_run(line_at(finding, last), &rest);

        return last > first && closing >= opening && next_word(&rest).n == 0;
}

static bool has_hidden(Slice text) {
        uint32_t point = 0;

        for (size_t n; text.n; text = slice_from(text, size_max(n, 1))) {
                n = utf8_read(text, &point);
                if (point != '\n' && point != '\r' && point != '\t' && visible_is_hidden(point))
                        return true;
        }
        return false;
}

static void fence_add(Finding *finding, cmark_node *block, FenceKind kind, PlanPlace place) {
        Slice text = slice_text(cmark_node_get_literal(block));

        if (cmark_node_get_type(cmark_node_parent(block)) != CMARK_NODE_DOCUMENT) {
                Fault *fault = faults_add(finding->faults, place, "plan-fence-nested",
                                          "a block of the plan stands inside a list or quotation");
                fault_next(fault, "move it to the left margin");
                return;
        }
        if (!is_closed(finding, block)) {
                faults_add(finding->faults, place, "plan-fence-open",
                           "the block is not closed before the end of the file");
                return;
        }
        if (has_hidden(text)) {
                faults_add(finding->faults, place, "plan-bytes",
                           "the block holds control or invisible characters");
                return;
        }
        finding->fences = arena_grow(finding->arena, finding->fences, finding->n_fences,
                                     sizeof *finding->fences);
        finding->fences[finding->n_fences++] = (Fence){
                .kind = kind,
                .text = arena_slice(finding->arena, text),
                .line = place.line + 1,
                .shift = place.column - 1,
                .place = place,
        };
}

/* A fence of ours that Markdown does not see as one, inside HTML or behind four blanks. A comment
 * hides what is in it from people too. */
static void hidden_look(Finding *finding, cmark_node *block) {
        Slice text = slice_text(cmark_node_get_literal(block)), info;
        size_t line = (size_t)cmark_node_get_start_line(block);

        if (slice_equal(slice_head(text, 4), slice_text("<!--")))
                return;
        for (; text.n; text = slice_from(text, slice_find(text, slice_text("\n")) + 1), line++) {
                Slice whole = slice_head(text, slice_find(text, slice_text("\n")));
                FenceKind kind;
                Fault *fault;

                if (fence_run(whole, &info) < FENCE_LEAST || info_read(info, &kind) == INFO_OTHER)
                        continue;
                fault = faults_add(finding->faults, (PlanPlace){line, 1}, "plan-fence-nested",
                                   "a block of the plan stands inside HTML or is indented");
                fault_next(fault, "move it to the left margin, with an empty line before it");
        }
}

static bool is_indented(const Finding *finding, cmark_node *block) {
        const char *info = cmark_node_get_fence_info(block);
        Slice rest;

        return (!info || !info[0]) &&
               fence_run(line_at(finding, cmark_node_get_start_line(block)), &rest) < FENCE_LEAST;
}

static void block_look(Finding *finding, cmark_node *block) {
        PlanPlace place = {(size_t)cmark_node_get_start_line(block),
                           (size_t)cmark_node_get_start_column(block)};
        const char *info = cmark_node_get_fence_info(block);
        FenceKind kind = FENCE_PHASE;
        InfoMeaning meaning = info ? info_read(slice_text(info), &kind) : INFO_OTHER;

        if (meaning == INFO_OURS)
                fence_add(finding, block, kind, place);
        if (meaning == INFO_NEARLY) {
                Slice shown = visible_excerpt(finding->arena, slice_text(info), 0);
                Fault *fault = faults_add(finding->faults, place, "plan-fence-word",
                                          "a block is marked `%.*s`, which is not read",
                                          SLICE_ARGS(shown));
                fault_next(fault, "did you mean `yaml %s`?", kind_words[kind]);
        }
}

static void node_look(Finding *finding, cmark_node *node) {
        cmark_node_type type = cmark_node_get_type(node);

        if (type == CMARK_NODE_HTML_BLOCK ||
            (type == CMARK_NODE_CODE_BLOCK && is_indented(finding, node)))
                hidden_look(finding, node);
        else if (type == CMARK_NODE_CODE_BLOCK)
                block_look(finding, node);
}

static void document_freep(cmark_node **document) {
        if (*document)
                cmark_node_free(*document);
}

static void iterator_freep(cmark_iter **iterator) {
        if (*iterator)
                cmark_iter_free(*iterator);
}

int fences_find(Slice markdown, Arena *arena, FaultList *faults, Fence **ret_fences,
                size_t *ret_n_fences) {
        Finding finding = {.markdown = markdown, .arena = arena, .faults = faults};
        cleanup(document_freep) cmark_node *document =
                cmark_parse_document((const char *)markdown.data, markdown.n, CMARK_OPT_DEFAULT);
        cleanup(iterator_freep) cmark_iter *iterator = document ? cmark_iter_new(document) : NULL;
        cmark_event_type event;

        if (!iterator)
                return error_origin(-ENOMEM);
        lines_find(&finding);
        while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE) {
                cmark_node *node = cmark_iter_get_node(iterator);

                if (event == CMARK_EVENT_ENTER)
                        node_look(&finding, node);
        }
        *ret_fences = finding.fences;
        *ret_n_fences = finding.n_fences;
        return 0;
}
