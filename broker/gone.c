/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/gone.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MISSING_FIRST = 64 };

void gone_deinit(Gone *gone) {
        free(gone->missing);
        free(gone->removed);
        *gone = (Gone){.n_missing = 0};
}

void gone_add_missing(Gone *gone, const Hash *digest, uint64_t seq) {
        if (gone->n_missing == gone->n_allocated) {
                gone->n_allocated = gone->n_allocated ? gone->n_allocated * 2 : MISSING_FIRST;
                gone->missing = mem_resize(gone->missing, gone->n_allocated, sizeof *gone->missing);
        }
        gone->missing[gone->n_missing++] = (Missing){*digest, seq};
}

void gone_add_removed(Gone *gone, Slice digests) {
        size_t n = digests.n / HASH_BYTES;

        if (n == 0)
                return;
        gone->removed = mem_resize(gone->removed, gone->n_removed + n, sizeof *gone->removed);
        memcpy(gone->removed + gone->n_removed, digests.data, n * HASH_BYTES);
        gone->n_removed += n;
}

static int compare(const void *a, const void *b) {
        return memcmp(a, b, sizeof(Hash));
}

uint64_t gone_find_unexplained(Gone *gone) {
        if (gone->n_removed)
                qsort(gone->removed, gone->n_removed, sizeof *gone->removed, compare);
        for (size_t i = 0; i < gone->n_missing; i++)
                if (!gone->n_removed || !bsearch(&gone->missing[i].digest, gone->removed,
                                                 gone->n_removed, sizeof *gone->removed, compare))
                        return gone->missing[i].seq;
        return 0;
}
