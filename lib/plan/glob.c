/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Two nested greedy matchers, each with one place to come back to: inside a part `*` takes more,
 * between parts `**` does. No recursion: the work is bounded by the product of the lengths.
 */

#include "plan/glob.h"

#include "plan/plan.h"

/* The part of a path up to the next slash. */
static Slice part_of(Slice path) {
        return slice_head(path, slice_find(path, slice_text("/")));
}

static Slice behind_part(Slice path) {
        return slice_from(path, part_of(path).n + 1);
}

/* The length of the class that the glob begins with, its brackets included; 0: it has no end. A
 * `]` that comes first is a member. */
static size_t class_length(Slice glob) {
        size_t i = glob.n > 1 && glob.data[1] == '!' ? 3 : 2;

        while (i < glob.n && glob.data[i] != ']')
                i++;
        return i < glob.n ? i + 1 : 0;
}

static bool class_has(Slice class, uint8_t byte) {
        bool is_negated = class.data[1] == '!', found = false;
        size_t i = is_negated ? 2 : 1, end = class.n - 1;

        while (i < end) {
                uint8_t first = class.data[i], last = first;

                if (i + 2 < end && class.data[i + 1] == '-') {
                        last = class.data[i + 2];
                        i += 2;
                }
                found |= byte >= first && byte <= last;
                i++;
        }
        return found != is_negated;
}

/* How much of the glob stands for the one byte; 0: it is another. */
static size_t match_one(Slice glob, uint8_t byte) {
        size_t n;

        switch (glob.data[0]) {
        case '?': return 1;
        case '\\': return glob.n > 1 && glob.data[1] == byte ? 2 : 0;
        case '[': n = class_length(glob); return n && class_has(slice_head(glob, n), byte) ? n : 0;
        default: return glob.data[0] == byte;
        }
}

static bool part_matches(Slice glob, Slice part) {
        size_t g = 0, p = 0, star = SIZE_MAX, star_part = 0;

        while (p < part.n) {
                size_t n = 0;

                if (g < glob.n && glob.data[g] == '*') {
                        star = ++g;
                        star_part = p;
                        continue;
                }
                if (g < glob.n)
                        n = match_one(slice_from(glob, g), part.data[p]);
                if (n) {
                        g += n;
                        p++;
                        continue;
                }
                if (star == SIZE_MAX)
                        return false;
                g = star;
                p = ++star_part;
        }
        while (g < glob.n && glob.data[g] == '*')
                g++;
        return g == glob.n;
}

bool plan_glob_matches(Slice glob, Slice path) {
        Slice star = SLICE_NULL, star_path = SLICE_NULL;

        while (path.n) {
                Slice part = part_of(glob);

                if (slice_is(part, "**")) {
                        star = glob = behind_part(glob);
                        star_path = path;
                        if (!glob.n)
                                return true;
                        continue;
                }
                if (part.n && part_matches(part, part_of(path))) {
                        glob = behind_part(glob);
                        path = behind_part(path);
                        continue;
                }
                if (!star.n)
                        return false;
                glob = star;
                path = star_path = behind_part(star_path);
        }
        return glob.n == 0;
}

static const char *find_fault_of_part(Slice part) {
        if (part.n == 0)
                return "an empty part between two slashes, or a slash at an end";
        if (slice_is(part, ".") || slice_is(part, ".."))
                return "`.` or `..` as a part";
        if (part.n > 2 && slice_find(part, slice_text("**")) < part.n)
                return "`**` beside something else in its part";
        for (size_t i = 0; i < part.n; i++) {
                size_t n = 1;

                if (part.data[i] == '[')
                        n = class_length(slice_from(part, i));
                else if (part.data[i] == '\\' && ++i == part.n)
                        return "a backslash with nothing behind it";
                if (n == 0)
                        return "a `[` without its `]`";
                i += n - 1;
        }
        return NULL;
}

const char *glob_find_fault(Slice glob) {
        if (glob.n == 0)
                return "nothing";
        if (glob.n > GLOB_BYTES_MAX)
                return "more than 1024 bytes";
        if (glob.data[glob.n - 1] == '/')
                return "a slash at its end (`/**` is all that is in a folder)";
        while (glob.n) {
                Slice part = part_of(glob);
                const char *fault = find_fault_of_part(part);

                if (fault)
                        return fault;
                glob = behind_part(glob);
        }
        return NULL;
}
