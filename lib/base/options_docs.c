/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Command lines as documents. */

#include "base/options.h"
#include "base/text.h"

static void print_option_docs(const OptionRow *rows, Buf *text) {
        for (const OptionRow *row = rows; row && row->name; row++)
                buf_printf(text, "| `--%s%s%s` | %s |\n", row->name, row->value ? " " : "",
                           row->value ? row->value : "", row->help);
}

void options_print_docs_common(Buf *text) {
        buf_text(text, "| option of every verb | meaning |\n| --- | --- |\n");
        print_option_docs(options_common, text);
        buf_text(text, "\n");
}

void options_print_docs(const Program *program, Buf *text) {
        buf_printf(text, "## %s\n\n%s\n\n", program->name, program->help);
        for (size_t i = 0; i < program->n_verbs; i++) {
                const Verb *verb = &program->verbs[i];

                buf_printf(text, "### `%s %s%s%s`\n\n%s\n\n", program->name, verb->name,
                           verb->arguments[0] ? " " : "", verb->arguments, verb->help);
                if (!verb->options || !verb->options->name)
                        continue;
                buf_text(text, "| option | meaning |\n| --- | --- |\n");
                print_option_docs(verb->options, text);
                buf_text(text, "\n");
        }
}

/* ---- man ---- */

static void print_man_options(const OptionRow *rows, Buf *text) {
        for (const OptionRow *row = rows; row && row->name; row++) {
                cleanup_buf Buf name = BUF_TEXT;

                buf_printf(&name, "`--%s`%s%s", row->name, row->value ? " " : "",
                           row->value ? row->value : "");
                buf_text(text, ".TP\n");
                text_print_man(buf_get_text(&name), text);
                buf_text(text, "\n");
                text_print_man(row->help, text);
                buf_text(text, "\n");
        }
}

static void print_man_verb(const Program *program, const Verb *verb, Buf *text) {
        cleanup_buf Buf name = BUF_TEXT;

        buf_printf(&name, "`%s %s`%s%s", program->name, verb->name, verb->arguments[0] ? " " : "",
                   verb->arguments);
        buf_text(text, ".SS ");
        text_print_man(buf_get_text(&name), text);
        buf_text(text, "\n");
        text_print_man(verb->help, text);
        buf_text(text, "\n");
        print_man_options(verb->options, text);
}

static const char man_end[] =
        ".SH EXIT STATUS\n"
        "0: it holds, it was done. 1: it does not hold. 2: usage, or a mistake in a plan. 3: it could "
        "not be carried out.\n"
        "4: not authorised. 5: nothing selected. 6: stale, or another commit. 8: still pending at the "
        "timeout. 130: interrupted\nwhile waiting.\n"
        ".SH ENVIRONMENT\n"
        ".TP\n\\fBCOLDGATE_DIR\\fR\nThe project, where \\fB\\-\\-dir\\fR is not given.\n"
        ".TP\n\\fBCOLDGATE_LOG\\fR\nWith \\fBdebug\\fR the programs are talkative.\n"
        ".TP\n\\fBNO_COLOR\\fR\nNo colour.\n"
        ".SH SEE ALSO\n"
        "\\fBbroker\\fR(1), \\fBbuilder\\-agent\\fR(1), \\fBadversary\\-agent\\fR(1), "
        "\\fBcoldgate\\-plan\\fR(5)\n";

void options_print_man(const Program *program, Buf *text) {
        cleanup_buf Buf name = BUF_TEXT;

        buf_printf(&name, "`%s`", program->name);
        buf_printf(text,
                   ".\\\" Printed from %s/program.c by tools/describe; edit that.\n"
                   ".TH \"%s\" 1 \"\" \"coldgate " COLDGATE_VERSION "\"\n.SH NAME\n",
                   program->name, program->name);
        text_print_man(program->name, text);
        buf_text(text, " \\- ");
        text_print_man(program->help, text);
        buf_text(text, "\n.SH SYNOPSIS\n");
        text_print_man(buf_get_text(&name), text);
        buf_text(text, " VERB [ARGUMENT…] [OPTION…]\n.SH VERBS\n");
        for (size_t i = 0; i < program->n_verbs; i++)
                print_man_verb(program, &program->verbs[i], text);
        buf_text(text, ".SH OPTIONS OF EVERY VERB\n");
        print_man_options(options_common, text);
        buf_text(text, man_end);
}

/* ---- completion ---- */

/* The rows of one program: verbs, then the options of each. What takes a value ends with `=`. */
static void print_completion_rows(const Program *program, Buf *text) {
        buf_printf(text, "        %s)\n                verbs='", program->name);
        for (size_t i = 0; i < program->n_verbs; i++)
                buf_printf(text, "%s%s", i ? "|" : "", program->verbs[i].name);
        buf_text(text, "'\n                case $verb in\n");
        for (size_t i = 0; i < program->n_verbs; i++) {
                buf_printf(text, "                '%s') options='", program->verbs[i].name);
                for (const OptionRow *row = program->verbs[i].options; row && row->name; row++)
                        buf_printf(text, "--%s%s ", row->name, row->value ? "=" : "");
                buf_text(text, "' ;;\n");
        }
        buf_text(text, "                esac\n                ;;\n");
}

static const char completion_head[] =
        "# Completion for bash. Printed from */program.c by tools/describe; edit those.\n"
        "_coldgate() {\n"
        "        local word=$2 before=$3 verb='' verbs='' options='' first='' common=' ' row i\n"
        "        COMPREPLY=()\n"
        "        for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "                case ${COMP_WORDS[i]} in\n"
        "                --dir) i=$((i + 1)) ;;\n"
        "                -*) ;;\n"
        "                *) if [ -z \"$first\" ]; then first=${COMP_WORDS[i]}; verb=$first\n"
        "                   elif [ \"$verb\" = plan ]; then verb=\"plan ${COMP_WORDS[i]}\"; fi ;;\n"
        "                esac\n"
        "        done\n"
        "        case ${1##*/} in\n";

static const char completion_end[] =
        "        if [[ $word == -* ]]; then\n"
        "                mapfile -t COMPREPLY < <(compgen -W \"$options$common\" -- \"$word\")\n"
        "                COMPREPLY=(\"${COMPREPLY[@]%=}\")\n"
        "        elif [[ \" $options$common\" == *\" $before= \"* ]]; then\n"
        "                mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "        elif [ -z \"$verb\" ] || [ \"$verb\" = plan ]; then\n"
        "                while IFS= read -r -d '|' row; do\n"
        "                        [ \"$verb\" != plan ] || [[ $row == plan\\ * ]] || continue\n"
        "                        row=${row#\"${verb:+$verb }\"}\n"
        "                        [[ ${row%% *} != \"$word\"* ]] || COMPREPLY+=(\"${row%% *}\")\n"
        "                done <<<\"$verbs|\"\n"
        "        else\n"
        "                mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "        fi\n"
        "}\n"
        "complete -o filenames -F _coldgate";

void options_print_completion(const Program *const *programs, size_t n_programs, Buf *text) {
        buf_text(text, completion_head);
        for (size_t i = 0; i < n_programs; i++)
                print_completion_rows(programs[i], text);
        buf_text(text, "        esac\n        common=' ");
        for (const OptionRow *row = options_common; row->name; row++)
                buf_printf(text, "--%s%s ", row->name, row->value ? "=" : "");
        buf_text(text, "'\n");
        buf_text(text, completion_end);
        for (size_t i = 0; i < n_programs; i++)
                buf_printf(text, " %s", programs[i]->name);
        buf_text(text, "\n");
}
