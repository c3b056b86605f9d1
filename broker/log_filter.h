/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Which entries `broker log` shows. */

#include "base/options.h"
#include "broker/ledger.h"
#include "proto/message.h"

typedef struct LogFilter {
        Ledger *ledger;                       /* for the entries that an entry is about */
        Slice phase, kind, actor, gate, grep; /* empty: any */
        uint64_t since_ms;
} LogFilter;

enum { _LOG_FILTER_E_SUCCESS, LOG_FILTER_E_REFUSED };

/* From --phase, --kind, --actor, --gate, --grep, --since. Rule option-value. */
int log_filter_read(const Args *args, uint64_t now_ms, LogFilter *ret_filter,
                    Fault *reterr_fault) must_check;
/* `ret_matches` is set. */
int log_filter_match(const LogFilter *filter, const Entry *entry, bool *ret_matches) must_check;

/* Whether the fields of a message name the gate. */
bool message_names_gate(const Message *message, Slice gate);
/* Whether a field of it names the entry. */
bool message_refers_to(const Message *message, uint64_t seq);
/* The first entry that a message is about: its claim, its finding …; 0: none. */
uint64_t message_get_reference(const Message *message);
