/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What is being looked at while the tree of an `expect` is descended; a leaf adds one matcher: an
 * assertion of its own, or a part of the group that it stands in.
 */

#include "plan/build.h"
#include "plan/matcher.h"

enum { GROUPS_DEPTH_MAX = 4 };

typedef struct Aim {
        Build *build;
        Check *check;
        Subject subject;
        Slice name, fact; /* as in Expectation */
        MatchView view;
        Slice path;
        unsigned values;    /* AS_… */
        const char *where;  /* "stdout.line-count" */
        Matcher *group;     /* NULL: matchers become expectations */
        size_t depth;       /* of groups */
        size_t *n_matchers; /* of the check, those in groups included */
} Aim;

/* Reads matchers, or a bare text or number, which means `equals`. */
void aim_read(const Aim *aim, const YamlNode *node);
/* Reads the operand of a matcher that stands alone: a value, texts, bounds. */
void aim_read_operand(const Aim *aim, MatchOp op, const YamlNode *node);
/* Adds a matcher; what it has of the aim is put in. */
void aim_add(const Aim *aim, PlanPlace place, Matcher matcher);
/* The same for something that stands one word deeper. */
Aim aim_inside(const Aim *aim, MatchView view, unsigned values, const char *word);
void aim_refuse(const Aim *aim, MatchOp op, const YamlNode *node, const char *found);
void aim_refuse_empty(const Aim *aim, PlanPlace place);
