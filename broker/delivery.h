/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * `.coldgate/deliveries`: where events go beside the connections. A section `[name]` for each, its
 * settings are rows in delivery.c; what is wrong is refused at the start with file:line.
 */

#include "base/fault.h"
#include "broker/event.h"

enum { DELIVERIES_MAX = 32, DELIVERY_ARGS_MAX = 16 };

typedef enum DeliveryKind {
        DELIVERY_EXEC,
        DELIVERY_WEBHOOK,
        DELIVERY_SLACK,
        DELIVERY_NTFY,
        DELIVERY_GITHUB,
        DELIVERY_GITEA,
        _DELIVERY_KIND_MAX
} DeliveryKind;

typedef struct Delivery {
        char *name;
        DeliveryKind kind;
        char *kind_word, *events, *phase, *who, *command, *url, *url_file, *secret_file;
        char *repository, *claims_of, *target_url;
        uint64_t timeout_ms, attempts, queue, retry_ms, retry_most_ms;
        char *secret;                      /* NULL: none; wiped at the end */
        char *program;                     /* of exec: absolute */
        char *argv[DELIVERY_ARGS_MAX + 1]; /* into `command`, cut at its blanks */
} Delivery;

typedef struct Deliveries {
        Delivery *items;
        size_t n;
} Deliveries;

enum { _DELIVERY_E_SUCCESS, DELIVERY_E_REFUSED };

/* `dir` is .coldgate, `root` the project. No file: no deliveries. DELIVERY_E_REFUSED: rules
 * config-unreadable, config-line, config-value, delivery-kind, delivery-name, delivery-setting,
 * delivery-secret. */
int deliveries_read(const char *dir, const char *root, Deliveries *ret_deliveries,
                    Fault *reterr_fault) must_check;
void deliveries_deinit(Deliveries *deliveries);

/* It sends commit statuses. */
bool delivery_is_status(const Delivery *delivery);
/* Whether the entry, or a status that it makes, is of this delivery's business. */
bool delivery_takes(const Delivery *delivery, const Event *event);
/* Whether it sends statuses of claims of this repository. */
bool delivery_is_of(const Delivery *delivery, Slice repository);

/* For docs/settings.md. */
void deliveries_print_docs(Buf *text);
