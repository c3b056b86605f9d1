/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Small texts that people and strangers write, and what processes of ours hand on of them: lengths
 * of time, numbers, ids, keys, URLs, globs, stamps of logs. Each is refused, or is what it was when
 * it is written again. The first byte chooses what the rest is taken for. */

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/sign.h"
#include "base/size.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/decimal.h"
#include "plan/glob.h"
#include "plan/jsonpath.h"
#include "plan/plan.h"
#include "plan/regex.h"
#include "proto/endpoint.h"
#include "proto/label.h"
#include "sandbox/wire.h"
#include "verify/certificate.h"
#include "verify/clip.h"
#include "verify/handed.h"
#include "verify/http_child.h"
#include "verify/left.h"
#include "verify/listeners.h"
#include "verify/log_window.h"
#include "verify/mirror.h"
#include "verify/objects.h"
#include "verify/redact.h"
#include "verify/revision.h"

static const uint64_t now_ms = 1780000000000;

static void read_duration(Slice text) {
        cleanup_buf Buf said = BUF_TEXT;
        uint64_t ms = 0;

        if (duration_parse(text, &ms) != 0)
                return;
        duration_describe(ms, &said);
        must(said.n > 0 && text.n >= 2);
}

static void read_size(Slice text) {
        cleanup_buf Buf said = BUF_TEXT;
        uint64_t n_bytes = 0;

        if (size_parse(text, &n_bytes) != 0)
                return;
        size_describe(n_bytes, &said);
        must(said.n > 0 && text.n >= 2);
}

static void read_moment(Slice text) {
        char again[TIME_TEXT_BYTES], minute[TIME_TEXT_BYTES];
        uint64_t ms = 0;

        if (time_parse(text, &ms) != 0)
                return;
        time_format_second(ms, again);
        time_format_minute(ms, minute);
        must(slice_is(text, again) || slice_is(text, minute));
}

static void read_decimal(Slice text) {
        Decimal decimal, whole;

        if (!decimal_parse(text, &decimal))
                return;
        must(decimal.n_digits <= DECIMAL_DIGITS_MAX && decimal_compare(&decimal, &decimal) == 0);
        whole = decimal_of(decimal_floor(&decimal));
        must(decimal_floor(&whole) == decimal_floor(&decimal));
        must(decimal_compare(&whole, &decimal) == -decimal_compare(&decimal, &whole));
}

/* The ids of entries, the hex and the base64 of hashes and keys. */
static void read_codes(Slice text) {
        cleanup_buf Buf again = BUF_TEXT;
        uint8_t bytes[HASH_BYTES];
        ObjectId id;

        if (hex_decode(text, bytes, sizeof bytes)) {
                hex_append(&again, slice_make(bytes, sizeof bytes));
                must(slice_equal(buf_get(&again), text));
        }
        buf_clear(&again);
        if (base64_decode(text, bytes, sizeof bytes)) {
                base64_append(&again, slice_make(bytes, sizeof bytes));
                must(slice_equal(buf_get(&again), text));
        }
        if (object_id_parse(text, &id)) {
                char hex[OBJECT_ID_HEX + 1];

                object_id_format(&id, hex);
                must(slice_is(text, hex));
        }
}

static void read_public_key(Slice text) {
        cleanup_buf Buf line = BUF_TEXT;
        Fault fault = FAULT_INIT;
        PublicKey key, again;

        if (public_key_parse(text, &key, &fault) != 0) {
                must(fault.rule != NULL);
                return;
        }
        public_key_format(&key, "again", &line);
        must(public_key_parse(buf_get(&line), &again, &fault) == 0);
        must(memcmp(&key, &again, sizeof key) == 0);
}

static void read_label(Slice text) {
        cleanup_free char *copy = mem_strndup((const char *)text.data, text.n);
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;
        char letter = 0;

        if (label_read(copy, MESSAGE_CLAIM, &seq, &fault) == 0)
                must(label_parse(copy, &letter, &seq) && label_fits(letter, slice_text("claim")));
        else
                must(fault.rule != NULL);
}

static void read_url(Slice text) {
        Fault fault = FAULT_INIT;

        if (repository_url_check(text, &fault) != 0)
                must(fault.rule && utf8_is_valid(slice_text(fault.place)));
        else
                must(text.n && text.data[0] != '-' && !memchr(text.data, 0, text.n));
}

/* A pattern up to the first NUL, what is looked for behind it. */
static Slice cut(Slice *rest) {
        Slice head = slice_head(*rest, slice_find(*rest, slice_make("", 1)));

        *rest = slice_from(*rest, head.n + 1);
        return head;
}

static void read_glob(Slice text) {
        Slice glob = cut(&text);

        if (!glob_find_fault(glob))
                (void)plan_glob_matches(glob, text);
}

static void read_regex(Slice text) {
        char reason[REGEX_TEXT_BYTES] = "";
        RegexEffort effort = {.spent = 0};
        Slice pattern = cut(&text), found;
        size_t start = 0;

        if (regex_check(pattern, reason) != 0) {
                must(memchr(reason, 0, sizeof reason) && reason[0]);
                return;
        }
        if (regex_search_within(&effort, pattern, text, REGEX_WHOLE, &start) == REGEX_FOUND)
                must(start <= text.n);
        found = regex_extract(&effort, pattern, text);
        must(!found.n || (found.data >= text.data && found.data + found.n <= text.data + text.n));
}

static void read_json(Slice text) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice path = cut(&text);
        JsonValue value;

        if (jsonpath_is_valid(path) && jsonpath_get(text, path, &arena, &value) == 0)
                must(value.text.n <= text.n);
}

static void read_log(Slice text) {
        cleanup_free char *pattern = NULL;
        LogWindow window = {.lines = BUF_TEXT};
        Slice head = cut(&text);

        pattern = mem_strndup((const char *)head.data, head.n);
        log_window_read(text, pattern, now_ms - 1000, now_ms, &window);
        must(window.n_stamped == 0 || window.first_stamp_ms > 0);
        must(window.lines.n <= text.n);
        buf_deinit(&window.lines);
}

static void read_revision(Slice text) {
        static const char commit[] = "aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb";

        if (revision_names(text, slice_text(commit), 7))
                must(text.n >= 7);
}

/* What a stranger wrote, made fit to be shown. */
static void show(Slice text) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf shown = BUF_INIT(300);
        char line[64];
        Slice clipped;

        clip_line(text, sizeof line, line);
        must(strlen(line) < sizeof line && utf8_is_valid(slice_text(line)));
        clipped = clip_text(text, 100, &arena);
        must(clipped.n <= 100 && utf8_is_valid(clipped));
        text_make_name_visible(text, &shown);
        must(utf8_is_valid(buf_get(&shown)));
}

static void redact(Slice text) {
        static Redactor *redactor;
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        size_t n_found = 0;
        Slice clean;

        if (!redactor)
                must(redactor_new(NULL, &redactor, &fault) == 0);
        clean = redact_text(redactor, text, &arena, &n_found);
        must(clean.n <= text.n && (n_found > 0 || slice_equal(clean, text)));
}

/* Tables of the kernel, in which strangers have chosen the paths. */
static void read_listeners(Slice text) {
        cleanup_buf Buf lines = BUF_INIT(4096);
        Slice wanted = cut(&text);

        if (!listeners_knows(wanted))
                return;
        (void)listeners_find_unix(text, wanted, &lines);
        (void)listeners_find_tcp(text, 8080, wanted, &lines);
        (void)listeners_find_tcp(text, 80, SLICE_NULL, &lines);
        must(utf8_is_valid(buf_get(&lines)) || lines.is_full);
}

static void read_path(Slice text) {
        cleanup_buf Buf path = BUF_TEXT, again = BUF_TEXT;

        if (!left_path_normalise(text, &path))
                return;
        must(path.n > 0 && path.data[0] != '/');
        must(left_path_normalise(buf_get(&path), &again));
        must(slice_equal(buf_get(&path), buf_get(&again)));
}

/* ---- what processes of ours hand to another, of which one has read a stranger's answer ---- */

static void read_http_report(Slice bytes) {
        HttpAnswer answer = {.report = BUF_TEXT};

        buf_slice(&answer.report, bytes);
        if (http_report_read(&answer))
                must(answer.end < _HTTP_END_MAX && answer.n_headers <= HTTP_HEADERS_MAX &&
                     answer.body.n <= bytes.n && strlen(answer.error) < sizeof answer.error);
        http_answer_deinit(&answer);
}

static Slice take_line(Slice *rest) {
        Slice line = slice_head(*rest, slice_find(*rest, slice_text("\n")));

        *rest = slice_from(*rest, line.n + 1);
        return line;
}

static void put_field(Buf *report, Slice field) {
        uint32_t n = (uint32_t)field.n;

        buf_append(report, &n, sizeof n);
        buf_slice(report, field);
}

/* As a child writes it: lines in pairs, then the body. What is written is read; what is cut off
 * after it was written is refused. The first two bytes say where. */
static void read_http_report_made(Slice bytes) {
        Slice rest = slice_from(bytes, 2), lines[8];
        HttpReportHead head = {.end = HTTP_ANSWERED, .status = 200};
        HttpAnswer answer = {.report = BUF_TEXT};
        size_t n_cut = bytes.n > 1 ? (size_t)bytes.data[0] << 8 | bytes.data[1] : 0;
        bool is_whole;

        while (head.n_headers < ARRAY_SIZE(lines) / 2 && rest.n) {
                lines[2 * head.n_headers] = take_line(&rest);
                lines[2 * head.n_headers++ + 1] = take_line(&rest);
        }
        buf_append(&answer.report, &head, sizeof head);
        for (size_t i = 0; i < 2 * head.n_headers; i++)
                put_field(&answer.report, lines[i]);
        put_field(&answer.report, rest);
        is_whole = n_cut == 0 || n_cut >= answer.report.n;
        answer.report.n = is_whole ? answer.report.n : n_cut;
        must(http_report_read(&answer) == is_whole);
        must(!is_whole || slice_equal(answer.body, rest));
        for (size_t i = 0; is_whole && i < head.n_headers; i++)
                must(slice_equal(answer.headers[i].name, lines[2 * i]) &&
                     slice_equal(answer.headers[i].value, lines[2 * i + 1]));
        http_answer_deinit(&answer);
}

/* True: what was taken is what it says. */
static bool take_handed(Slice bytes, HandedRun *run) {
        bool is_run = handed_take(bytes, run);

        must(!is_run || (run->n_lines <= CHECK_LINES_MAX && run->n_notes <= CHECK_NOTES_MAX &&
                         strlen(run->judgement.reason) < sizeof run->judgement.reason &&
                         strlen(run->judgement.summary) < sizeof run->judgement.summary));
        return is_run;
}

static void read_handed(Slice bytes) {
        HandedRun run = {.n_lines = 0};

        (void)take_handed(bytes, &run);
}

/* As it is handed over: the judgement's first bytes, then lines, the last of them is its frame. */
static void read_handed_made(Slice bytes) {
        cleanup_buf Buf answer = BUF_TEXT, judgement = BUF_TEXT;
        HandedRun run = {.n_lines = 0};
        Judgement empty = {.reason = ""};
        Slice rest = bytes, line = take_line(&rest), first[CHECK_LINES_MAX];
        size_t n = 0;

        buf_append(&judgement, &empty, sizeof empty);
        for (size_t i = 0; i < line.n && i < judgement.n; i++)
                judgement.data[i] = line.data[i];
        wire_put_bytes(&answer, buf_get(&judgement));
        for (int i = 0; i < 5; i++)
                wire_put_u64(&answer, (uint64_t)i);
        while (n < ARRAY_SIZE(first) && rest.n)
                first[n++] = take_line(&rest);
        wire_put_u64(&answer, n);
        for (size_t i = 0; i < n; i++)
                wire_put_bytes(&answer, first[i]);
        wire_put_u64(&answer, 0);
        wire_put_bytes(&answer, rest);
        if (!take_handed(buf_get(&answer), &run))
                return;
        must(run.n_lines == n && slice_equal(run.frame, rest) && run.n_attempts == 4);
        for (size_t i = 0; i < n; i++)
                must(slice_equal(run.lines[i], first[i]));
}

/* What libcurl tells of a certificate that a stranger made, a line each. */
static void read_certificate(Slice text) {
        CertificateFacts facts = {.is_there = false};

        while (text.n)
                certificate_add(&facts, take_line(&text));
        must(strlen(facts.subject) < sizeof facts.subject);
        must(strlen(facts.issuer) < sizeof facts.issuer);
        must(strlen(facts.names) < sizeof facts.names);
}

static void read_endpoint(Slice text) {
        cleanup_free char *copy = mem_strndup((const char *)text.data, text.n);
        Endpoint endpoint = ENDPOINT_INIT;
        Fault fault = FAULT_INIT;
        int r = endpoint_open(copy, &endpoint, &fault);

        must(r == 0 ? endpoint.address[3] == ':' : r > 0 && fault.rule);
        endpoint_close(&endpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static void (*const readers[])(Slice text) = {
                read_duration,
                read_size,
                read_moment,
                read_decimal,
                read_codes,
                read_public_key,
                read_label,
                read_url,
                read_glob,
                read_regex,
                read_json,
                read_log,
                read_revision,
                show,
                redact,
                read_listeners,
                read_path,
                read_http_report,
                read_handed,
                read_certificate,
                read_http_report_made,
                read_handed_made,
                read_endpoint,
        };
        Slice input = slice_make(data, n);

        if (n > 0)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
