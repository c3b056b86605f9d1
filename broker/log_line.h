/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* An entry as a line: the name that commands take, time, who, kind, and what it says. */

#include "broker/ledger.h"
#include "proto/message.h"

typedef struct LogLine {
        Slice phase;      /* that the reader knows, so that no line says it; empty: none */
        size_t width;     /* of the terminal, to which a line is cut; 0: it is no terminal */
        bool with_fields; /* all of the entry's, in the place of its sentence; never cut */
} LogLine;

/* "V-8   2026-11-22T03:32Z  adversary  verdict  m: PASS M1 at …" and a line's end. */
void log_line_append(const LogLine *line, const Entry *entry, const Message *message, Buf *text);
