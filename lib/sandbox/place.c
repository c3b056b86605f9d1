/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Places as rows. */

#include "sandbox/place.h"

#include <string.h>

#include "sandbox/sandbox.h"

const Place place_rows[] = {
        {.part = PART_TMP, .path = SANDBOX_TMP, .mode = 01777, .is_mounted = true},
        {.part = "vtmp",
         .path = "/var/tmp",
         .mode = 01777,
         .is_mounted = true,
         .is_optional = true},
        {.part = "run", .path = "/run", .mode = 0755, .is_mounted = true},
        {.part = "run/lock", .path = "/run/lock", .mode = 01777},
        {.part = "homes", .path = "/home", .mode = 0755, .is_mounted = true},
        {.part = PART_HOME, .path = SANDBOX_HOME, .mode = 0700, .is_ours = true},
        {.part = "own", .path = "/root", .mode = 0700, .is_mounted = true},
        {.part = "shm", .path = "/dev/shm", .mode = 01777, .is_mounted = true},
};
const size_t n_place_rows = ARRAY_SIZE(place_rows);

/* Covered too, but not parts of the scratch directory of their own. */
static const char *const made_paths[] = {SANDBOX_WORK, "/proc", "/sys", "/dev"};

bool path_is_below(const char *path, const char *directory) {
        size_t n = strlen(directory);

        return strncmp(path, directory, n) == 0 &&
               (path[n] == 0 || path[n] == '/' || (n && directory[n - 1] == '/'));
}

bool place_covers(const char *path) {
        for (size_t i = 0; i < ARRAY_SIZE(made_paths); i++)
                if (path_is_below(path, made_paths[i]))
                        return true;
        for (size_t i = 0; i < n_place_rows; i++)
                if (place_rows[i].is_mounted && path_is_below(path, place_rows[i].path))
                        return true;
        return false;
}
