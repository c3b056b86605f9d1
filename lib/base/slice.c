/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Searching in borrowed bytes. */

#include "base/slice.h"

size_t slice_find(Slice a, Slice needle) {
        const uint8_t *place;

        if (needle.n == 0)
                return 0;
        if (a.n < needle.n)
                return a.n;
        place = memmem(a.data, a.n, needle.data, needle.n);
        return place ? (size_t)(place - a.data) : a.n;
}
