/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* From a claim's repository and commit to a tree on disk that was proved, byte by byte, to be that
 * commit's. Trees are cached by their id and proved again each time. */

#include "verify/tree.h"
#include "verify/verify.h"

typedef struct Checkout {
        char tree[COMMIT_HEX_MAX + 1]; /* "" where the commit could not be had */
        char *dir;
        TreeFacts facts;
        int lock_fd; /* held, shared, as long as the tree is used */
} Checkout;

#define CHECKOUT_INIT ((Checkout){.lock_fd = -1})

/* Conditions: PREP_E_URL, PREP_E_FAIL, PREP_E_ERROR (verify/mirror.h) with the fault. A fetch that
 * failed is tried three times. */
int checkout_prepare(const VerifyRequest *request, Checkout *ret_checkout,
                     Fault *reterr_fault) must_check;
void checkout_deinit(Checkout *checkout);
/* What a copy of the tree takes on disk, at most. */
uint64_t checkout_get_size(const Checkout *checkout);
/* What of the commit is not in its tree, as a sentence; false: all of it is there. */
bool checkout_tell_absent(const Checkout *checkout, Buf *text);
/* Facts for the verdict. */
void checkout_describe(const Checkout *checkout, Buf *text);
