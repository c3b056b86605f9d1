/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The documents that are printed from rows. `write` makes them in a folder, `check` fails when
 * one differs from its rows. Add a document: one row.
 */

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary-agent/verbs.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/options.h"
#include "broker/metrics.h"
#include "broker/claim.h"
#include "broker/delivery.h"
#include "broker/finding.h"
#include "broker/gate.h"
#include "broker/hold.h"
#include "broker/rules.h"
#include "broker/verbs.h"
#include "broker/veto.h"
#include "broker/watchdog.h"
#include "builder-agent/verbs.h"
#include "client/project.h"
#include "plan/plan.h"
#include "proto/describe.h"
#include "proto/label.h"

enum { DOCUMENT_BYTES_MAX = 4 << 20, DOCUMENT_MODE = 0644 };

/* The tables are printed, their verbs never run: it does not matter that two programs have a
 * function of the same name, of which only one is linked. */
static void print_cli(Buf *text) {
        buf_text(text,
                 "# Command lines\n\n"
                 "<!-- Printed from the verbs in */program.c by tools/describe; edit those. -->\n\n"
                 "Exit statuses, and what `--json` prints: `docs/json.md`. Every program answers "
                 "`--help` and `--version`; `--`\nends the options.\n\n");
        buf_text(
                text,
                "Entries are named by a letter for their kind and their number, F-9; the number alone "
                "does as well. A letter\nof another kind is refused.\n\n");
        label_print_docs(text);
        options_print_docs_common(text);
        options_print_docs(&broker_program, text);
        options_print_docs(&builder_program, text);
        options_print_docs(&adversary_program, text);
}

static void print_broker_man(Buf *text) {
        options_print_man(&broker_program, text);
}

static void print_builder_man(Buf *text) {
        options_print_man(&builder_program, text);
}

static void print_adversary_man(Buf *text) {
        options_print_man(&adversary_program, text);
}

static void print_completion(Buf *text) {
        static const Program *const programs[] = {&broker_program, &builder_program,
                                                  &adversary_program};

        options_print_completion(programs, ARRAY_SIZE(programs), text);
}

static void print_gate(Buf *text) {
        MachineState gate_states[_GATE_STATE_MAX], claim_states[_CLAIM_STATE_MAX],
                finding_states[_FINDING_STATE_MAX], veto_states[_VETO_STATE_MAX],
                hold_states[_HOLD_STATE_MAX];
        Machine machine;

        buf_text(text,
                 "# State machines of the broker\n\n"
                 "<!-- Printed from the .def files of broker/ by tools/describe; edit those. "
                 "-->\n\n"
                 "What is not in a table cannot happen. Whether a PASS still counts is no state: "
                 "it is computed when it is read.\n\n");
        gate_get_machine(gate_states, &machine);
        machine_print_docs(&machine, text);
        claim_get_machine(claim_states, &machine);
        machine_print_docs(&machine, text);
        finding_get_machine(finding_states, &machine);
        machine_print_docs(&machine, text);
        veto_get_machine(veto_states, &machine);
        machine_print_docs(&machine, text);
        hold_get_machine(hold_states, &machine);
        machine_print_docs(&machine, text);
}

static void print_config(Buf *text) {
        buf_text(text,
                 "# Settings\n\n"
                 "<!-- Printed from lib/client/project.c by tools/describe; edit that. -->\n\n"
                 "`.coldgate/config`, which `broker init` writes: a line `name = value` for each; "
                 "lines that begin with `#` do not\ncount. A name that is unknown or stands twice "
                 "is refused.\n\n");
        project_print_settings_docs(text);
        buf_text(
                text,
                "\nA running broker reads settings and deliveries again on SIGHUP. If something in "
                "them is wrong, all of them stay as\nthey were, and an alert says so; `broker run "
                "--check-config` only looks. `name`, `broker-key`, `endpoint`, `docs`,\n"
                "`metrics`, `backlog` and `connections` count from the next start on.\n\n## Metrics\n\n`GET /health` is answered "
                "with 200 while the broker serves, `GET /metrics` with these, as Prometheus "
                "text:\n\n");
        metrics_print_docs(text);
}

static const char deliveries_example[] = "\n```\n"
                                         "# types pings for the builder into its terminal\n"
                                         "[builder-pane]\n"
                                         "kind = exec\n"
                                         "command = examples/hooks/tmux-ping builder\n"
                                         "who = builder\n\n"
                                         "[team]\n"
                                         "kind = slack\n"
                                         "url-file = .coldgate/keys/slack-url\n"
                                         "events = alert verdict granted\n\n"
                                         "[forge]\n"
                                         "kind = gitea\n"
                                         "url = https://git.example.net/api/v1\n"
                                         "repository = team/product\n"
                                         "secret-file = .coldgate/keys/forge-token\n"
                                         "```\n";

static void print_settings(Buf *text) {
        print_config(text);
        buf_text(text,
                 "\n## Deliveries\n\n"
                 "`.coldgate/deliveries` says where the broker sends events beside the "
                 "connections: a section `[name]` for each,\nwith these settings. It is read "
                 "when the broker starts; what is wrong is refused with its line. A delivery "
                 "carries\none event at a time, in the ledger's order, and tries again until "
                 "it succeeds or `attempts` are over; then the\noperator is alerted. It is at "
                 "least once: a crash may repeat one, with the same `Idempotency-Key`. A "
                 "program finds\nthe event as JSON (`docs/json.md`) on its standard input and "
                 "in `COLDGATE_EVENT`, `COLDGATE_EVENT_TEXT`,\n`COLDGATE_EVENT_PHASE`, "
                 "`COLDGATE_EVENT_WHO`; it has delivered when it ends with 0.\n\n");
        deliveries_print_docs(text);
        buf_text(text, deliveries_example);
}

static int is_decision(const struct dirent *file) {
        return isdigit((unsigned char)file->d_name[0]);
}

/* The number and title are its first line; what has changed since, a quoted line behind that. */
static void print_decision(const char *name, Slice decision, Buf *text) {
        Slice title = slice_head(decision, slice_find(decision, slice_text("\n")));
        Slice rest = slice_from(decision, title.n + 2);

        title = slice_from(title, slice_find(title, slice_text(" ")) + 1);
        title = slice_from(title, slice_find(title, slice_text(" ")) + 1);
        buf_printf(text, "- [%.3s](%s) %.*s", name, name, SLICE_ARGS(title));
        if (slice_is(slice_head(rest, 2), "> ")) {
                rest = slice_from(rest, 2);
                buf_printf(text, " (%.*s)",
                           SLICE_ARGS(slice_head(rest, slice_find(rest, slice_text("\n")))));
        }
        buf_text(text, "\n");
}

static void print_decisions(const char *docs, Buf *text) {
        cleanup_free char *dir = mem_printf("%s/decisions", docs);
        struct dirent **files = NULL;
        int n = scandir(dir, &files, is_decision, alphasort);

        buf_text(text,
                 "# Decisions\n\n"
                 "<!-- Printed from the files beside it by tools/describe; edit those. -->\n\n"
                 "Why things are as they are where another way was near. Numbers are not given "
                 "twice; what came later wins.\n\n");
        for (int i = 0; i < n; i++) {
                cleanup_free char *path = mem_printf("%s/%s", dir, files[i]->d_name);
                cleanup_buf Buf decision = BUF_INIT(DOCUMENT_BYTES_MAX);

                if (file_read(path, &decision) == 0)
                        print_decision(files[i]->d_name, buf_get(&decision), text);
                free(files[i]);
        }
        free(files);
}

static const struct {
        const char *name; /* of the file */
        void (*print)(Buf *text);
        void (*print_from)(const char *docs, Buf *text); /* instead: what it is made of is there */
} documents[] = {
        {"cli.md", print_cli},
        {"gate.md", print_gate},
        {"plan.md", plan_print_docs},
        {"plan.schema.json", plan_print_schema},
        {"coldgate-plan.5", plan_print_man},
        {"broker.1", print_broker_man},
        {"builder-agent.1", print_builder_man},
        {"adversary-agent.1", print_adversary_man},
        {"coldgate.bash", print_completion},
        {"protocol.md", describe_docs},
        {"rules.md", rules_print_docs},
        {"settings.md", print_settings},
        {"watchdog.md", watchdog_print_docs},
        {"decisions/README.md", .print_from = print_decisions},
};

static void print_document(size_t i, const char *docs, Buf *text) {
        if (documents[i].print)
                documents[i].print(text);
        else
                documents[i].print_from(docs, text);
}

static int verb_print(const Args *args) {
        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                if (strcmp(args->rest[0], documents[i].name) != 0)
                        continue;
                print_document(i, "docs", &text);
                (void)fputs(buf_get_text(&text), stdout);
                return EXIT_HOLDS;
        }
        (void)fprintf(stderr, "describe: there is no document %s\n", args->rest[0]);
        return EXIT_USAGE;
}

static int verb_write(const Args *args) {
        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                cleanup_free char *path = mem_printf("%s/%s", args->rest[0], documents[i].name);
                cleanup_buf Buf text = BUF_TEXT;

                print_document(i, args->rest[0], &text);
                if (file_write_atomic(path, buf_get(&text), DOCUMENT_MODE))
                        return EXIT_NOT_CARRIED_OUT;
        }
        return EXIT_HOLDS;
}

static int verb_check(const Args *args) {
        int status = EXIT_HOLDS;

        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                cleanup_free char *path = mem_printf("%s/%s", args->rest[0], documents[i].name);
                cleanup_buf Buf text = BUF_TEXT, there = BUF_INIT(DOCUMENT_BYTES_MAX);

                print_document(i, args->rest[0], &text);
                if (file_read(path, &there) == 0 && slice_equal(buf_get(&text), buf_get(&there)))
                        continue;
                (void)fprintf(stderr, "%s is not what its rows say: meson compile -C build docs\n",
                              path);
                status = EXIT_HOLDS_NOT;
        }
        return status;
}

static const Verb verbs[] = {
        {.name = "print",
         .arguments = "NAME",
         .n_least = 1,
         .n_most = 1,
         .help = "Print one document.",
         .run = verb_print},
        {.name = "write",
         .arguments = "DIRECTORY",
         .n_least = 1,
         .n_most = 1,
         .help = "Write all documents.",
         .run = verb_write},
        {.name = "check",
         .arguments = "DIRECTORY",
         .n_least = 1,
         .n_most = 1,
         .help = "Compare all documents with their rows.",
         .run = verb_check},
};

int main(int argc, char **argv) {
        static const Program program = {
                .name = "describe",
                .help = "Documents from rows.",
                .verbs = verbs,
                .n_verbs = ARRAY_SIZE(verbs),
        };

        return options_run(&program, argc, argv);
}
