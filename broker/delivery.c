/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The file `.coldgate/deliveries` into structs. Add a kind: its word, its row in kind_rows, what is
 * sent in notify.c. */

#include "broker/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sign.h"
#include "client/project.h"
#include "client/settings.h"

enum { FILE_BYTES_MAX = 65536, SECRET_BYTES_MAX = 4096 };

static const SettingRow setting_rows[] = {
        {"kind", SETTING_TEXT, offsetof(Delivery, kind_word), 1, 16, NULL,
         "`exec`, `webhook`, `slack`, `ntfy`, `github` or `gitea` (Forgejo too)."},
        {"events", SETTING_TEXT, offsetof(Delivery, events), 1, 1024, "ping alert",
         "Kinds of entries that are delivered, with blanks between; `*`: all but the journal. "
         "Commit statuses are always of claims and verdicts, and of what ends a claim or takes a verdict back."},
        {"phase", SETTING_TEXT, offsetof(Delivery, phase), 0, 64, "",
         "Only events of this phase; empty: of all."},
        {"who", SETTING_TEXT, offsetof(Delivery, who), 0, 64, "",
         "Only pings for this role or agent; empty: for all. Alerts are for `operator`."},
        {"command", SETTING_TEXT, offsetof(Delivery, command), 0, 4096, "",
         "Of `exec`: a program, below the project unless it begins with `/`, and its arguments, cut "
         "at blanks; no shell. The event is JSON on its standard input."},
        {"url", SETTING_TEXT, offsetof(Delivery, url), 0, 2048, "",
         "http or https: where events are sent; of `github` and `gitea` the API's root, e.g. "
         "`https://api.github.com`, `https://git.example.net/api/v1`."},
        {"url-file", SETTING_TEXT, offsetof(Delivery, url_file), 0, 1024, "",
         "A file with the URL, where that is a secret; its mode must be 0600."},
        {"secret-file", SETTING_TEXT, offsetof(Delivery, secret_file), 0, 1024, "",
         "A file with the token that is sent as `Authorization`; its mode must be 0600."},
        {"repository", SETTING_TEXT, offsetof(Delivery, repository), 0, 256, "",
         "Of `github` and `gitea`: `owner/name`."},
        {"claims-of", SETTING_TEXT, offsetof(Delivery, claims_of), 0, 2048, "",
         "Of `github` and `gitea`: only claims whose repository is this URL; empty: all."},
        {"target-url", SETTING_TEXT, offsetof(Delivery, target_url), 0, 1024, "",
         "Of `github` and `gitea`: what a status links to."},
        {"timeout", SETTING_DURATION, offsetof(Delivery, timeout_ms), 100, 600000, "10s",
         "How long one attempt may take."},
        {"attempts", SETTING_NUMBER, offsetof(Delivery, attempts), 1, 1000, "20",
         "Attempts of one event before it is given up and the operator is alerted."},
        {"queue", SETTING_NUMBER, offsetof(Delivery, queue), 1, 100000, "1000",
         "Events that may wait for this delivery; more are not taken, and the operator is alerted."},
        {"retry", SETTING_DURATION, offsetof(Delivery, retry_ms), 10, 3600000, "1s",
         "After the first failure; doubled with each, plus or minus a quarter by chance."},
        {"retry-most", SETTING_DURATION, offsetof(Delivery, retry_most_ms), 10, 86400000, "10m",
         "Never longer than this, not even where the service asks for it (Retry-After)."},
};

static const struct {
        const char *word;
        bool needs_command, needs_url, needs_repository;
} kind_rows[_DELIVERY_KIND_MAX] = {
        [DELIVERY_EXEC] = {.word = "exec", .needs_command = true},
        [DELIVERY_WEBHOOK] = {.word = "webhook", .needs_url = true},
        [DELIVERY_SLACK] = {.word = "slack", .needs_url = true},
        [DELIVERY_NTFY] = {.word = "ntfy", .needs_url = true},
        [DELIVERY_GITHUB] = {.word = "github", .needs_url = true, .needs_repository = true},
        [DELIVERY_GITEA] = {.word = "gitea", .needs_url = true, .needs_repository = true},
};

/* Where the reading is, for faults. */
typedef struct Reading {
        const char *file, *root;
        size_t line;
        Fault *fault;
} Reading;

static int refuse(const Reading *reading, const char *rule, const char *found) {
        fault_set(reading->fault, rule, "%s", found);
        fault_place(reading->fault, "%s:%zu", reading->file, reading->line);
        return DELIVERY_E_REFUSED;
}

/* ---- secrets ---- */

static char *wipe(char *secret) {
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
        return NULL;
}

static char *path_below(const char *root, const char *path) {
        return path[0] == '/' ? mem_strdup(path) : mem_printf("%s/%s", root, path);
}

static const char *why_not_secret(const struct stat *facts) {
        if (!S_ISREG(facts->st_mode))
                return "the secret is not in a regular file";
        if (facts->st_mode & (S_IRWXG | S_IRWXO))
                return "others than its owner may read or write the secret: chmod 600";
        if (facts->st_uid != geteuid() && facts->st_uid != 0)
                return "the secret's file belongs to somebody else";
        if (facts->st_size > SECRET_BYTES_MAX)
                return "the secret has more than 4096 bytes";
        return NULL;
}

/* What may stand in a header or a URL: the bytes up to the end of the first line. */
static bool is_plain(const char *secret) {
        for (const char *c = secret; *c; c++)
                if (*c <= ' ' || *c > '~')
                        return false;
        return secret[0] != '\0';
}

static int read_secret(const Reading *reading, const char *name, char **ret_secret) {
        cleanup_free char *path = path_below(reading->root, name);
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char bytes[SECRET_BYTES_MAX + 1] = "";
        const char *why = fd < 0 ? "the secret's file cannot be opened" : NULL;
        struct stat facts;
        ssize_t n;

        if (!why && fstat(fd, &facts) < 0)
                return error_origin(-errno);
        if (!why)
                why = why_not_secret(&facts);
        if (why)
                return refuse(reading, "delivery-secret", why);
        n = read(fd, bytes, SECRET_BYTES_MAX);
        if (n < 0)
                return error_origin(-errno);
        bytes[n] = 0;
        bytes[strcspn(bytes, "\r\n")] = 0;
        if (is_plain(bytes))
                *ret_secret = mem_strdup(bytes);
        explicit_bzero(bytes, sizeof bytes);
        return *ret_secret ? 0
                           : refuse(reading, "delivery-secret",
                                    "the secret's file has no word of printable characters in its "
                                    "first line");
}

/* ---- what must hold of a section ---- */

static int find_kind(const Reading *reading, Delivery *delivery) {
        for (int i = 0; i < _DELIVERY_KIND_MAX; i++)
                if (strcmp(delivery->kind_word, kind_rows[i].word) == 0) {
                        delivery->kind = (DeliveryKind)i;
                        return 0;
                }
        (void)refuse(reading, "delivery-kind", "there is no such kind of delivery");
        fault_next(reading->fault, "exec, webhook, slack, ntfy, github or gitea");
        return DELIVERY_E_REFUSED;
}

/* Each word is a kind of entry; nothing else can match. */
static int check_events(const Reading *reading, const Delivery *delivery) {
        Slice rest = slice_text(delivery->events);

        while (rest.n) {
                size_t end = slice_find(rest, slice_text(" "));
                Slice word = slice_head(rest, end);
                MessageType type = message_type_by_name(word);

                rest = slice_from(rest, end + 1);
                if (!word.n || slice_is(word, "*"))
                        continue;
                if (type == MESSAGE_NONE || message_spec(type)->direction != ON_LEDGER)
                        return refuse(reading, "delivery-setting",
                                      "events: a word is no kind of entry");
        }
        return 0;
}

static bool is_url(const char *url) {
        const char *host = NULL;

        if (strncmp(url, "http://", 7) == 0)
                host = url + 7;
        else if (strncmp(url, "https://", 8) == 0)
                host = url + 8;
        return host && host[0] && host[0] != '/' && is_plain(url);
}

static bool is_repository(const char *text) {
        const char *slash = strchr(text, '/');

        return slash && project_name_is_plain(slice_make(text, (size_t)(slash - text))) &&
               project_name_is_plain(slice_text(slash + 1));
}

static int check_url(const Reading *reading, Delivery *delivery) {
        if (!kind_rows[delivery->kind].needs_url)
                return 0;
        if (!delivery->url[0] == !delivery->url_file[0])
                return refuse(reading, "delivery-setting", "one of url and url-file is wanted");
        if (delivery->url_file[0]) {
                char *url = NULL;
                int r = read_secret(reading, delivery->url_file, &url);

                if (r != 0)
                        return r;
                free(delivery->url);
                delivery->url = url;
        }
        if (!is_url(delivery->url))
                return refuse(reading, "delivery-setting", "the URL is not http:// or https://");
        if (kind_rows[delivery->kind].needs_repository && !is_repository(delivery->repository))
                return refuse(reading, "delivery-setting", "repository = owner/name is wanted");
        return 0;
}

/* Words of the command into argv; the program's path, which may have blanks above the project,
 * beside it. */
static int check_command(const Reading *reading, Delivery *delivery) {
        char *rest = NULL;
        size_t n = 0;

        if (!kind_rows[delivery->kind].needs_command)
                return 0;
        for (char *word = strtok_r(delivery->command, " \t", &rest); word;
             word = strtok_r(NULL, " \t", &rest)) {
                if (n == DELIVERY_ARGS_MAX)
                        return refuse(reading, "delivery-setting", "command has too many words");
                delivery->argv[n++] = word;
        }
        if (n > 0)
                delivery->program = path_below(reading->root, delivery->argv[0]);
        if (n == 0 || access(delivery->program, X_OK) < 0)
                return refuse(reading, "delivery-setting", "command is no program that can be run");
        return 0;
}

static int finish(const Reading *reading, Delivery *delivery) {
        int r = find_kind(reading, delivery);

        if (r == 0)
                r = check_events(reading, delivery);
        if (r == 0)
                r = check_url(reading, delivery);
        if (r == 0)
                r = check_command(reading, delivery);
        if (r == 0 && delivery->secret_file[0])
                r = read_secret(reading, delivery->secret_file, &delivery->secret);
        return r;
}

/* ---- the file ---- */

static int check_name(const Reading *reading, const Deliveries *deliveries, Slice name) {
        if (!project_name_is_plain(name))
                return refuse(reading, "delivery-name",
                              "a name has letters, digits and - _ . @, at most 64");
        for (size_t i = 0; i < deliveries->n; i++)
                if (slice_is(name, deliveries->items[i].name))
                        return refuse(reading, "delivery-name", "the name is given twice");
        if (deliveries->n == DELIVERIES_MAX)
                return refuse(reading, "delivery-name", "there are more than 32 deliveries");
        return 0;
}

static int read_section(Reading *reading, const SettingSection *section, Deliveries *deliveries) {
        Delivery *delivery;
        int r;

        reading->line = section->line;
        r = check_name(reading, deliveries, section->name);
        if (r != 0)
                return r;
        delivery = &deliveries->items[deliveries->n++];
        delivery->name = mem_strndup((const char *)section->name.data, section->name.n);
        if (settings_parse_section(section, reading->file, setting_rows, ARRAY_SIZE(setting_rows),
                                   delivery, reading->fault) != 0)
                return DELIVERY_E_REFUSED;
        return finish(reading, delivery);
}

static int read_sections(Reading *reading, Slice text, Deliveries *deliveries) {
        SettingSection section;
        size_t line = 0;

        deliveries->items = mem_new_array(Delivery, DELIVERIES_MAX);
        for (;;) {
                int r;

                if (settings_next_section(&text, &line, reading->file, &section, reading->fault))
                        return DELIVERY_E_REFUSED;
                if (!section.line)
                        return 0;
                r = read_section(reading, &section, deliveries);
                if (r != 0)
                        return r;
        }
}

/* It names programs that we run. */
static int check_owner(const char *file, Fault *fault) {
        struct stat facts;

        if (stat(file, &facts) < 0 || ((facts.st_uid == geteuid() || facts.st_uid == 0) &&
                                       !(facts.st_mode & (S_IWGRP | S_IWOTH))))
                return 0;
        fault_set(fault, "config-unreadable",
                  "it belongs to another user, or others than its owner may write it");
        fault_place(fault, "%s", file);
        fault_next(fault, "look who made it; chown and chmod go-w it if it is yours");
        return DELIVERY_E_REFUSED;
}

int deliveries_read(const char *dir, const char *root, Deliveries *ret_deliveries,
                    Fault *reterr_fault) {
        cleanup_free char *file = mem_printf("%s/deliveries", dir);
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES_MAX);
        Reading reading = {.file = file, .root = root, .fault = reterr_fault};
        Deliveries deliveries = {.n = 0};
        int r = check_owner(file, reterr_fault);

        if (r != 0)
                return r;
        r = file_read(file, &text);
        *ret_deliveries = deliveries;
        if (r == FILE_E_MISSING)
                return 0;
        if (r == FILE_E_TOO_LARGE)
                return refuse(&reading, "config-unreadable", "it has more than 64 KiB");
        if (r < 0)
                return refuse(&reading, "config-unreadable", strerror(-r));
        r = read_sections(&reading, buf_get(&text), &deliveries);
        if (r == 0)
                *ret_deliveries = deliveries;
        else
                deliveries_deinit(&deliveries);
        return r;
}

void deliveries_deinit(Deliveries *deliveries) {
        for (size_t i = 0; i < deliveries->n; i++) {
                Delivery *delivery = &deliveries->items[i];
                char *const texts[] = {
                        delivery->name,      delivery->kind_word,   delivery->events,
                        delivery->phase,     delivery->who,         delivery->command,
                        delivery->url_file,  delivery->secret_file, delivery->repository,
                        delivery->claims_of, delivery->target_url,  delivery->program};

                for (size_t j = 0; j < ARRAY_SIZE(texts); j++)
                        free(texts[j]);
                (void)wipe(delivery->url); /* it may be one */
                (void)wipe(delivery->secret);
        }
        free(deliveries->items);
        *deliveries = (Deliveries){.n = 0};
}

/* ---- what is carried ---- */

static bool has_word(const char *words, Slice wanted) {
        Slice rest = slice_text(words);

        while (rest.n) {
                size_t end = slice_find(rest, slice_text(" "));
                Slice word = slice_head(rest, end);

                rest = slice_from(rest, end + 1);
                if (slice_is(word, "*") || slice_equal(word, wanted))
                        return true;
        }
        return false;
}

bool delivery_is_status(const Delivery *delivery) {
        return kind_rows[delivery->kind].needs_repository;
}

bool delivery_is_of(const Delivery *delivery, Slice repository) {
        return !delivery->claims_of[0] || slice_is(repository, delivery->claims_of);
}

bool delivery_takes(const Delivery *delivery, const Event *event) {
        Slice who = event_who(event->message);

        if (delivery->phase[0] && !slice_is(event->entry->phase, delivery->phase))
                return false;
        if (delivery_is_status(delivery))
                return event_count_statuses(event->message) > 0;
        if (!event_may_leave(event->message) || !has_word(delivery->events, event->entry->kind))
                return false;
        return !who.n || !delivery->who[0] || slice_is(who, delivery->who);
}

void deliveries_print_docs(Buf *text) {
        settings_print_docs(setting_rows, ARRAY_SIZE(setting_rows), text);
}
