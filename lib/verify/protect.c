/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Two trees of the mirror's objects. */

#include "verify/protect.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "verify/history.h"

enum { PATHS_SHOWN = 10, COMPARE_MS = 60000, COMMIT_SHOWN = 12 };

static bool is_protected(const Plan *plan, Slice path) {
        for (size_t i = 0; i < plan->n_protected_paths; i++)
                if (plan_glob_matches(plan->protected_paths[i], path))
                        return true;
        return false;
}

static int judge(const VerifyRequest *request, const HistoryPaths *paths, Fault *reterr_fault) {
        cleanup_buf Buf shown = BUF_TEXT;
        size_t n = 0;

        for (size_t i = 0; i < paths->n_differing; i++) {
                if (!is_protected(request->plan, paths->differing[i]))
                        continue;
                if (n++ >= PATHS_SHOWN)
                        continue;
                buf_text(&shown, n > 1 ? ", " : "");
                text_make_name_visible(paths->differing[i], &shown);
        }
        if (n == 0)
                return 0;
        if (n > PATHS_SHOWN)
                buf_printf(&shown, " and %zu more", n - PATHS_SHOWN);
        fault_set(reterr_fault, "claim.protected",
                  "the plan protects what differs from %.*s, the newest commit with a PASS: %s",
                  COMMIT_SHOWN, request->base, buf_get_text(&shown));
        return PREP_E_FAIL;
}

static int compare(const VerifyRequest *request, const Mirror *mirror, Fault *reterr_fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(objects_freep) Objects *objects = NULL;
        History history = {.mirror = mirror_get_path(mirror),
                           .deadline_ms = clock_mono_ms() + COMPARE_MS};
        HistoryPaths paths;
        int r;

        if (objects_open(history.mirror, &objects) != 0) {
                fault_set(reterr_fault, "prep.mirror", "the mirror cannot be read");
                return PREP_E_ERROR;
        }
        history.objects = objects;
        r = history_compare(&history, request->base, request->commit, &arena, &paths, reterr_fault);
        return r == 0 ? judge(request, &paths, reterr_fault) : r;
}

int protect_check(const VerifyRequest *request, Mirror *mirror, Fault *reterr_fault) {
        int r;

        if (!request->plan->n_protected_paths || !request->base ||
            strcmp(request->base, request->commit) == 0)
                return 0;
        r = mirror_fetch(mirror, request->base, request->fetch_ms, reterr_fault);
        if (r == PREP_E_FAIL || r == PREP_E_URL) {
                fault_set(reterr_fault, "claim.protected",
                          "%.*s, the newest commit with a PASS, is not in the repository: nothing "
                          "shows that what the plan protects is the same",
                          COMMIT_SHOWN, request->base);
                return PREP_E_FAIL;
        }
        return r == 0 ? compare(request, mirror, reterr_fault) : r;
}
