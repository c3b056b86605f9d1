/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Not a parser of shell: patterns over its text, quotes or not, since what stands in quotes is
 * often run by another shell. A false alarm is cured by moving the script into a file.
 */

#include "plan/shell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A blank in a pattern stands for any number of blanks, none included. */
static const char *const excuses[] = {
        "|| true",
        "|| :",
        "|| echo",
        "|| printf",
        "|| exit 0",
        "|| return 0",
        "|| /bin/true",
        "; true",
        "; exit 0",
        "|| { true",
        "|| { :",
        "|| { exit 0",
        "|| ( true",
        "|| ( :",
        "|| ( exit 0",
        "trap 'exit 0'",
        "trap \"exit 0\"",
        "; then : ; fi",
        "; then true ; fi",
        "|| cat",
        "|| tail",
        "|| head",
        "|| ls",
        "|| sleep",
        "|| { echo",
        "|| ( echo",
        "; then exit 0 ; fi",
        "do break",
        "make -i",
        "--ignore-errors",
        "--if-present",
};
/* What stands behind these is never reached, where they begin a command. */
static const char *const dead_ends[] = {"true ||", ": ||", "false &&"};
static const char unset_excuse[] = "set +e";
static const char background_excuse[] = "&", wait_excuse[] = "wait", not_excuse[] = "!";
static const char *const idle_words[] = {"true", ":", "exit 0", "/bin/true", "/usr/bin/true"};
static const char *const printers[] = {"echo", "printf", "cat <<", "print"};
static const char *const shells[] = {"sh", "bash", "dash", "ksh", "zsh"};

static bool is_blank(uint8_t byte) {
        return byte == ' ' || byte == '\t';
}

static bool is_word_byte(uint8_t byte) {
        return isalnum(byte) || byte == '_' || byte >= 0x80;
}

/* Bytes of `text` that the pattern covers at its start; 0 if it does not. */
static size_t pattern_covers(Slice text, const char *pattern) {
        size_t i = 0;

        for (; *pattern; pattern++) {
                if (*pattern == ' ') {
                        while (i < text.n && is_blank(text.data[i]))
                                i++;
                        continue;
                }
                if (i == text.n || text.data[i] != (uint8_t)*pattern)
                        return 0;
                i++;
        }
        return i;
}

/* With no word running on at either end. */
static bool has_pattern(Slice text, const char *pattern) {
        for (size_t i = 0; i < text.n; i++) {
                size_t n = pattern_covers(slice_from(text, i), pattern);
                bool runs_on_before =
                        i && is_word_byte(text.data[i - 1]) && is_word_byte((uint8_t)pattern[0]);

                if (n && !runs_on_before &&
                    (i + n == text.n || !is_word_byte(text.data[i + n - 1]) ||
                     !is_word_byte(text.data[i + n])))
                        return true;
        }
        return false;
}

static Slice trim(Slice text) {
        while (text.n && isspace(text.data[0]))
                text = slice_from(text, 1);
        while (text.n && isspace(text.data[text.n - 1]))
                text.n--;
        return text;
}

/* `cmd ;` and newlines end commands alike. */
static bool has_excuse(Slice text, const char *excuse) {
        char line[32];

        if (has_pattern(text, excuse))
                return true;
        if (excuse[0] != ';')
                return false;
        (void)snprintf(line, sizeof line, "\n%s", excuse + 1);
        return has_pattern(trim(text), line);
}

/* The letters that a `set +` at this place takes back. */
static Slice unset_at(Slice text, size_t i) {
        Slice rest = slice_from(text, i);
        size_t start = pattern_covers(rest, "set +"), n = 0;

        if (!start || (i && is_word_byte(text.data[i - 1])))
                return SLICE_NULL;
        rest = slice_from(rest, start);
        while (n < rest.n && isalpha(rest.data[n]))
                n++;
        return slice_head(rest, n);
}

/* set +e, set +o pipefail, set +xe */
static bool has_unset(Slice text) {
        for (size_t i = 0; i < text.n; i++) {
                Slice letters = unset_at(text, i);

                if (slice_find(letters, slice_text("e")) < letters.n ||
                    slice_find(letters, slice_text("o")) < letters.n)
                        return true;
        }
        return false;
}

/* true || ./t */
static const char *find_dead_end(Slice text) {
        for (size_t i = 0; i < text.n; i++) {
                size_t start = i;

                while (start && is_blank(text.data[start - 1]))
                        start--;
                if (start && !strchr(";&|\n({", text.data[start - 1]))
                        continue;
                for (size_t k = 0; k < ARRAY_SIZE(dead_ends); k++)
                        if (pattern_covers(slice_from(text, i), dead_ends[k]))
                                return dead_ends[k];
        }
        return NULL;
}

/* The command is argv that begins with a shell. */
bool shell_is_own(const Check *check) {
        Slice name;

        if (check->is_shell || check->n_command == 0)
                return false;
        name = check->command[0];
        for (size_t n; (n = slice_find(name, slice_text("/"))) < name.n;)
                name = slice_from(name, n + 1);
        for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
                if (slice_is(name, shells[i]))
                        return true;
        return false;
}

/* The last line that is neither blank nor a comment; `ret_rest` is what stands before it. */
static Slice last_line(Slice text, Slice *ret_rest) {
        Slice line;

        do {
                size_t start;

                text = trim(text);
                for (start = text.n; start && text.data[start - 1] != '\n';)
                        start--;
                line = trim(slice_from(text, start));
                text = slice_head(text, start);
        } while (text.n && line.n && line.data[0] == '#');
        *ret_rest = text;
        return line;
}

/* `-e` does not see a `!`, but as the last command. */
static bool has_unseen_not(Slice text) {
        Slice rest;

        for ((void)last_line(text, &rest); rest.n;) {
                Slice line = last_line(rest, &rest);

                if (line.n > 1 && line.data[0] == '!' && is_blank(line.data[1]))
                        return true;
        }
        return false;
}

/* wait; ./t & wait */
static bool ends_in_bare_wait(Slice line) {
        size_t n = strlen(wait_excuse), start;

        if (line.n < n || !slice_is(slice_from(line, line.n - n), wait_excuse))
                return false;
        for (start = line.n - n; start && is_blank(line.data[start - 1]);)
                start--;
        return start == 0 || line.data[start - 1] == '&' || line.data[start - 1] == ';';
}

/* What ends in the background has no status; a bare `wait` succeeds. */
static const char *find_unseen(Slice text) {
        Slice rest, line = last_line(text, &rest);

        if (ends_in_bare_wait(line))
                return wait_excuse;
        if (line.n > 1 && line.data[line.n - 1] == '&' && line.data[line.n - 2] != '&')
                return background_excuse;
        return has_unseen_not(text) ? not_excuse : NULL;
}

/* What is looked at is not how the command ends. */
static bool is_server(const Check *check) {
        return check->kind == CHECK_HTTP || check->kind == CHECK_PORT ||
               check->kind == CHECK_PROCESS;
}

const char *shell_find_excuse(const Check *check) {
        if (!check->is_shell && !shell_is_own(check))
                return NULL;
        for (size_t i = 0; i < check->n_command; i++) {
                const char *dead_end = find_dead_end(check->command[i]);

                if (has_unset(check->command[i]))
                        return unset_excuse;
                if (dead_end)
                        return dead_end;
                for (size_t k = 0; k < ARRAY_SIZE(excuses); k++)
                        if (has_excuse(check->command[i], excuses[k]))
                                return excuses[k];
                if (check->is_shell && !is_server(check) && find_unseen(check->command[i]))
                        return find_unseen(check->command[i]);
        }
        return NULL;
}

bool shell_hides_status(const Check *check) {
        for (size_t i = 0; i < check->n_command; i++)
                if ((check->is_shell || shell_is_own(check)) &&
                    slice_find(check->command[i], slice_text("<(")) < check->command[i].n)
                        return true;
        return false;
}

static bool is_idle_line(Slice line) {
        line = trim(line);
        for (size_t i = 0; i < ARRAY_SIZE(idle_words); i++)
                if (slice_is(line, idle_words[i]))
                        return true;
        return line.n == 0 || line.data[0] == '#';
}

bool shell_is_idle(const Check *check) {
        Slice text;

        if (check->n_command != 1)
                return false;
        for (text = check->command[0]; text.n;) {
                size_t n = slice_find(text, slice_text("\n"));

                if (!is_idle_line(slice_head(text, n)))
                        return false;
                text = slice_from(text, n + 1);
        }
        return true;
}

static bool has_pipe(Slice text) {
        for (size_t i = 0; i < text.n; i++) {
                if (text.data[i] != '|')
                        continue;
                if (i + 1 == text.n || text.data[i + 1] != '|')
                        return true;
                i++;
        }
        return false;
}

bool shell_loses_status(const Check *check) {
        bool loses = false;

        for (size_t i = 1; i < check->n_command && shell_is_own(check); i++) {
                if (slice_find(check->command[i], slice_text("pipefail")) < check->command[i].n)
                        return false;
                loses |= has_pipe(check->command[i]);
        }
        return loses;
}

static bool has_word(Slice text, Slice word) {
        for (size_t i = 0; i + word.n <= text.n; i++) {
                size_t end;

                i += slice_find(slice_from(text, i), word);
                end = i + word.n;
                if (end > text.n)
                        return false;
                if ((i == 0 || !is_word_byte(text.data[i - 1]) || !is_word_byte(word.data[0])) &&
                    (end == text.n || !is_word_byte(text.data[end]) ||
                     !is_word_byte(word.data[word.n - 1])))
                        return true;
        }
        return false;
}

bool shell_has_text(const Check *check, Slice text) {
        text = trim(text);
        for (size_t i = 0; i < check->n_command && text.n; i++)
                if (has_word(check->command[i], text))
                        return true;
        return false;
}

bool shell_prints(const Check *check) {
        for (size_t i = 0; i < check->n_command; i++)
                for (size_t k = 0; k < ARRAY_SIZE(printers); k++)
                        if (has_pattern(check->command[i], printers[k]))
                                return true;
        return false;
}
