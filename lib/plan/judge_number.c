/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Numbers, and what is counted. */

#include "plan/judging.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/size.h"

static bool holds_number(const Matcher *matcher, const Decimal *number) {
        int below = decimal_compare(number, &matcher->least);
        int above = decimal_compare(number, &matcher->most);

        switch ((int)matcher->op) {
        case MATCH_GT: return below > 0;
        case MATCH_GE: return below >= 0;
        case MATCH_LT: return above < 0;
        case MATCH_LE: return above <= 0;
        default: return below >= 0 && above <= 0;
        }
}

bool matcher_group_holds_number(const Matcher *matcher, const Decimal *number) {
        bool is_any = matcher->op == MATCH_ANY, held = !is_any;

        if (!matcher_is_group(matcher))
                return holds_number(matcher, number);
        for (size_t i = 0; i < matcher->n_parts && held != is_any; i++)
                held = matcher_group_holds_number(&matcher->parts[i], number);
        return held != (matcher->op == MATCH_NOT);
}

void judge_number(Judging *judging, int64_t number) {
        Decimal decimal = decimal_of(number);

        if (!judging->actual.n)
                judging_say(judging, arena_printf(judging->arena, "%" PRId64, number));
        judging_decide(judging, holds_number(judging->matcher, &decimal));
}

void judge_flag(Judging *judging, bool flag) {
        judging_say(judging, flag ? "true" : "false");
        judge_number(judging, flag);
}

void judge_duration(Judging *judging, int64_t ms) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_text(&text, ms < 0 ? "since " : "");
        duration_describe(ms < 0 ? (uint64_t)-ms : (uint64_t)ms, &text);
        judging_say(judging, buf_get_text(&text));
        judge_number(judging, ms);
}

void judge_size(Judging *judging, uint64_t n_bytes) {
        cleanup_buf Buf text = BUF_TEXT;

        size_describe(n_bytes, &text);
        judging_say(judging, buf_get_text(&text));
        judge_number(judging, n_bytes > INT64_MAX ? INT64_MAX : (int64_t)n_bytes);
}

void judge_signal(Judging *judging, int signal) {
        const char *name = sigabbrev_np(signal);

        if (signal <= 0) {
                judging_find_nothing(judging, "(no signal ended it)");
                return;
        }
        if (name)
                judging_say(judging, arena_printf(judging->arena, "SIG%s", name));
        judge_number(judging, signal);
}

static size_t count_line_ends(Slice text) {
        size_t n = 0;

        for (size_t i = 0; (i += slice_find(slice_from(text, i), slice_text("\n"))) < text.n; i++)
                n++;
        return n;
}

/* Of a cut stream only the least number is known: it decides what more lines cannot change. */
void judge_line_count(Judging *judging, const ObservedStream *stream) {
        size_t n = count_line_ends(stream->head) + count_line_ends(stream->tail);
        Slice last = stream->tail.n ? stream->tail : stream->head;
        Decimal number;
        MatchOp op = judging->matcher->op;
        bool is_floor = op == MATCH_GE || op == MATCH_GT;

        n += last.n && last.data[last.n - 1] != '\n';
        judging_say(judging,
                    arena_printf(judging->arena, "%zu%s", n, stream->is_cut ? " or more" : ""));
        number = decimal_of((int64_t)n);
        if (!stream->is_cut)
                judging_decide(judging, holds_number(judging->matcher, &number));
        else if (is_floor && holds_number(judging->matcher, &number))
                judging_decide(judging, true);
        else if (!is_floor && decimal_compare(&number, &judging->matcher->most) > 0)
                judging_decide(judging, false);
        else
                judging->finding = FINDING_UNDECIDED;
}

static Slice without_blanks(Slice text) {
        while (text.n && strchr(" \t\r\n", text.data[0]) && text.data[0])
                text = slice_from(text, 1);
        while (text.n && strchr(" \t\r\n", text.data[text.n - 1]) && text.data[text.n - 1])
                text.n--;
        return text;
}

void judge_number_text(Judging *judging, Slice text) {
        Slice digits = without_blanks(text);
        Decimal number;

        if (!decimal_parse(digits, &number)) {
                judging_say_excerpt(judging, "not a number: ", text, 0);
                judging->finding = FINDING_NOTHING;
                return;
        }
        judging_say_excerpt(judging, "", digits, 0);
        judging_decide(judging, holds_number(judging->matcher, &number));
}
