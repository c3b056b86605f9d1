/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What each kind of delivery sends. */

#include "broker/parcel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { KEY_BYTES = 8 }; /* of the ledger's id, in keys */

static void wipe_text(char *text) {
        if (text)
                explicit_bzero(text, strlen(text));
        free(text);
}

void parcel_deinit(Parcel *parcel) {
        for (size_t i = 0; i < parcel->n_headers; i++)
                wipe_text(parcel->headers[i]);
        wipe_text(parcel->url);
        buf_deinit(&parcel->body);
}
static void add_header(Parcel *parcel, char *header) {
        parcel->headers[parcel->n_headers++] = header;
}

static void add_common(Parcel *parcel, const Delivery *delivery, const Hash *ledger, uint64_t seq,
                       uint64_t item) {
        char id[HASH_HEX + 1];

        hex_encode(slice_make(ledger, KEY_BYTES), id);
        add_header(parcel, mem_printf("Idempotency-Key: %s-%s-%" PRIu64 "-%" PRIu64, id,
                                      delivery->name, seq, item));
        if (delivery->secret)
                add_header(parcel, mem_printf("Authorization: %s %s",
                                              delivery->kind == DELIVERY_GITEA ? "token" : "Bearer",
                                              delivery->secret));
        if (delivery->kind != DELIVERY_NTFY)
                add_header(parcel, mem_strdup("Content-Type: application/json"));
}

static void make_status(Parcel *parcel, const Delivery *delivery, const Event *event,
                        uint64_t item) {
        size_t n = strlen(delivery->url);
        EventStatus status;

        while (n && delivery->url[n - 1] == '/')
                n--;
        event_make_status(event, item, delivery->target_url, &status);
        parcel->body = status.body;
        parcel->url = mem_printf("%.*s/repos/%s/statuses/%.*s", (int)n, delivery->url,
                                 delivery->repository, SLICE_ARGS(status.commit));
        if (delivery->kind != DELIVERY_GITHUB)
                return;
        add_header(parcel, mem_strdup("Accept: application/vnd.github+json"));
        add_header(parcel, mem_strdup("X-GitHub-Api-Version: 2022-11-28"));
}

/* Header values are ASCII: what is not is left out of the title, the body has all of it. */
static void make_ntfy(const Event *event, Parcel *parcel) {
        bool is_alert = event->message->type == MESSAGE_ALERT;
        cleanup_buf Buf title = BUF_TEXT;

        for (size_t i = 0; i < event->project.n; i++)
                if (event->project.data[i] >= ' ' && event->project.data[i] <= '~')
                        buf_byte(&title, event->project.data[i]);
        add_header(parcel, mem_printf("Title: coldgate %s: %.*s", buf_get_text(&title),
                                      SLICE_ARGS(event->entry->kind)));
        add_header(parcel, mem_printf("Priority: %s", is_alert ? "high" : "default"));
        event_print_line(event, &parcel->body);
}

void parcel_make(Parcel *ret_parcel, const Delivery *delivery, const Hash *ledger,
                 const Event *event, uint64_t item) {
        Parcel *parcel = ret_parcel;

        *parcel = (Parcel){.body = BUF_TEXT};
        add_common(parcel, delivery, ledger, event->entry->seq, item);
        switch (delivery->kind) {
        case DELIVERY_GITHUB:
        case DELIVERY_GITEA: make_status(parcel, delivery, event, item); return;
        case DELIVERY_SLACK: event_print_slack(event, &parcel->body); break;
        case DELIVERY_NTFY: make_ntfy(event, parcel); break;
        case DELIVERY_EXEC:
        case DELIVERY_WEBHOOK: event_print_json(event, &parcel->body); break;
        case _DELIVERY_KIND_MAX: break;
        }
        parcel->url = mem_strdup(delivery->url);
}

extern char **environ;

/* The broker's own environment and what a shell needs to be spared from reading JSON. */
char **parcel_make_env(const Event *event, Arena *arena) {
        cleanup_buf Buf line = BUF_TEXT;
        size_t n = 0, n_ours = 0;
        char **env;

        while (environ[n_ours])
                n_ours++;
        env = arena_alloc_array(arena, n_ours + 5, sizeof *env);
        for (size_t i = 0; i < n_ours; i++)
                if (strncmp(environ[i], "COLDGATE_EVENT", 14) != 0)
                        env[n++] = environ[i];
        event_print_line(event, &line);
        env[n++] = arena_printf(arena, "COLDGATE_EVENT=%.*s", SLICE_ARGS(event->entry->kind));
        env[n++] = arena_printf(arena, "COLDGATE_EVENT_TEXT=%s", buf_get_text(&line));
        env[n++] =
                arena_printf(arena, "COLDGATE_EVENT_PHASE=%.*s", SLICE_ARGS(event->entry->phase));
        env[n++] = arena_printf(arena, "COLDGATE_EVENT_WHO=%.*s",
                                SLICE_ARGS(event_who(event->message)));
        return env;
}
