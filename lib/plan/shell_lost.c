/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Where `-e` does not look: the status of a command that another one takes in. As in shell.c these
 * are patterns over text; what is refused is only what is lost for sure.
 */

#include "plan/shell_lost.h"

#include "plan/shell.h"

/* Their own status is 0, whatever the substitution in their arguments did. */
static const char *const setters[] = {"export", "local", "declare", "readonly", "typeset"};
/* So is theirs; but where what is printed is looked at, that shows it. */
static const char *const printers[] = {"echo", "printf"};
/* In a shell of its own these mean that `;` is not the end of a command that may fail. */
static const char *const compounds[] = {"for", "while", "until", "if", "case", "set -"};
static const char find_exec[] = "-exec";

static bool is_word_byte(uint8_t byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' || byte == '.' ||
               byte == '/';
}

static bool has(Slice text, const char *part) {
        return slice_find(text, slice_text(part)) < text.n;
}

static bool is_one_of(uint8_t byte, const char *bytes) {
        return byte && strchr(bytes, byte);
}

/* Whether what stands at `i` is the first word of a command, as far as can be seen. */
static bool begins_command(Slice text, size_t i) {
        while (i && is_one_of(text.data[i - 1], " \t"))
                i--;
        return i == 0 || is_one_of(text.data[i - 1], ";&|\n({");
}

/* From `i` to the end of its command; a substitution in it belongs to it as a whole. */
static Slice command_at(Slice text, size_t i) {
        Slice rest = slice_from(text, i);
        size_t n = 0, depth = 0;

        for (; n < rest.n; n++) {
                if (rest.data[n] == '(')
                        depth++;
                else if (rest.data[n] == ')' && depth)
                        depth--;
                else if (!depth && is_one_of(rest.data[n], ";\n|&"))
                        break;
        }
        return slice_head(rest, n);
}

/* $( ) or ` `, and not the arithmetic of $(( )). */
static bool has_substitution(Slice command) {
        for (size_t i = 0; i + 2 < command.n; i++)
                if (command.data[i] == '`' ||
                    (command.data[i] == '$' && command.data[i + 1] == '(' &&
                     command.data[i + 2] != '('))
                        return true;
        return false;
}

/* A command that begins with this word takes in another one. */
static bool takes_in(Slice text, const char *word) {
        size_t n = strlen(word);

        for (size_t i = 0; i + n < text.n; i++) {
                size_t found = slice_find(slice_from(text, i), slice_text(word));

                i += found;
                if (i + n >= text.n)
                        return false;
                if (begins_command(text, i) && !is_word_byte(text.data[i + n]) &&
                    has_substitution(command_at(text, i)))
                        return true;
        }
        return false;
}

/* Nothing of what it printed or wrote is looked at. */
static bool is_mute(const Check *check) {
        for (size_t i = 0; i < check->n_expectations; i++) {
                Subject subject = check->expectations[i].subject;

                if (subject != SUBJECT_EXIT_STATUS && subject != SUBJECT_DURATION)
                        return false;
        }
        return check->kind == CHECK_RUN && !check->examined;
}

static const char *find_in(const Check *check, Slice text) {
        for (size_t i = 0; i < ARRAY_SIZE(setters); i++)
                if (takes_in(text, setters[i]))
                        return setters[i];
        for (size_t i = 0; i < ARRAY_SIZE(printers) && is_mute(check); i++)
                if (takes_in(text, printers[i]))
                        return printers[i];
        return is_mute(check) && has(text, find_exec) && has(text, "\\;") ? find_exec : NULL;
}

static bool stops_by_itself(const Check *check) {
        for (size_t i = 1; i < check->n_command; i++) {
                Slice word = check->command[i];
                bool is_option = word.n > 1 && word.data[0] == '-' && word.data[1] != '-';

                if (is_option && has(word, "e"))
                        return true;
                for (size_t k = 0; k < ARRAY_SIZE(compounds); k++)
                        if (!is_option && has(word, compounds[k]))
                                return true;
        }
        return false;
}

/* A `;` or a line end with a command behind it. */
static bool is_sequence(Slice script) {
        while (script.n && is_one_of(script.data[script.n - 1], " \t\n;"))
                script.n--;
        return has(script, ";") || has(script, "\n");
}

static const char *find_sequence(const Check *check) {
        if (!shell_is_own(check) || stops_by_itself(check))
                return NULL;
        for (size_t i = 1; i < check->n_command; i++)
                if (is_sequence(check->command[i]))
                        return ";";
        return NULL;
}

const char *shell_lost_find(const Check *check) {
        if (!check->is_shell && !shell_is_own(check))
                return NULL;
        for (size_t i = 0; i < check->n_command; i++) {
                const char *found = find_in(check, check->command[i]);

                if (found)
                        return found;
        }
        return find_sequence(check);
}
