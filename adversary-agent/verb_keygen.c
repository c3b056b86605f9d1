/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `keygen`: a key is made where it lives. */

#include "adversary-agent/verbs.h"
#include "client/keygen.h"

int verb_keygen(const Args *args) {
        return keygen_run(args, "adversary");
}
