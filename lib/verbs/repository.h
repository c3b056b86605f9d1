/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A repository as somebody names it on a command line. */

#include "base/buf.h"

/* As git tells a path from what is on another machine. */
bool repository_is_path(const char *repository);
/* Appends `$(git …)`: a command that finds out which commit `rev` is there. */
void repository_ask_commit(const char *repository, const char *rev, Buf *line);
