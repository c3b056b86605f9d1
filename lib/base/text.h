/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Text from outside, for people. */

#include "base/buf.h"

/* Control characters, what turns the direction of writing, and what has no width or ends a line
 * unseen. */
bool text_is_hidden(uint32_t point);

/* Appends it with \n, \x1b, \u{202e} in the place of what is hidden or no UTF-8; newlines and tabs
 * stay if asked. Ends before the first character that does not fit. */
void text_make_visible(Slice hostile, bool keep_newlines, Buf *text);
/* The same for what names a thing: a backslash is doubled, so that no two names look alike. */
void text_make_name_visible(Slice name, Buf *text);

/* Appends a word as a shell reads it. */
void text_quote(const char *word, Buf *text);

/* A sentence of ours for a man page: `code` becomes bold, and nothing in it is a request. */
void text_print_man(const char *sentence, Buf *text);
