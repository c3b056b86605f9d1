/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A question for an adversary: nothing is run, and until one has answered nothing is known. */

#include "verify/kind.h"

static const struct answered *find_answer(const VerifyRequest *request, const Check *check) {
        const struct answered *found = NULL;

        for (size_t i = 0; i < request->n_answers; i++)
                if (slice_equal(request->answers[i].gate, request->gate->id) &&
                    slice_equal(request->answers[i].check, check->id))
                        found = &request->answers[i]; /* the last one counts */
        return found;
}

int manual_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                         Attempt *attempt) {
        const struct answered *answer = find_answer(setting->request, check);

        (void)force_copy; /* there is no workspace */
        if (!answer)
                judge_by(SIGHTING_MANUAL, NULL, &attempt->judgement, "to be answered: %.*s",
                         SLICE_ARGS(check->question));
        else
                judge_by(answer->holds ? SIGHTING_HELD : SIGHTING_MANUAL_ANSWERED, NULL,
                         &attempt->judgement, "%.*s", SLICE_ARGS(answer->text));
        return 0;
}
