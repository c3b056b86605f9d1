/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What may be right, and should be meant: no errors. */

#include "plan/grammar.h"

static bool may_leave_residue(const Gate *gate, const Check *check) {
        return check->on == CHECK_ON_HOST && check->n_command && !check->cleanup.n &&
               !gate->n_unchanged;
}

static bool believes_any_certificate(const Gate *gate, const Check *check) {
        (void)gate;
        return check->http.insecure;
}

static bool is_a_warning(const Gate *gate, const Check *check) {
        (void)gate;
        return check->allow_failure;
}

static const struct {
        bool (*applies)(const Gate *gate, const Check *check);
        const char *sentence;
} rows[] = {
        {may_leave_residue,
         "it runs on the host, and neither `cleanup` of the check nor `unchanged` "
         "of the gate looks at what it leaves behind"},
        {believes_any_certificate, "whoever answers is believed, whatever its certificate"},
        {is_a_warning, "its failure will be a warning"},
};

static bool is_first_of_its_matrix(const Gate *gate, size_t i) {
        return i == 0 || !slice_equal(gate->checks[i].family, gate->checks[i - 1].family);
}

void plan_describe_hints(const Plan *plan, const char *file, Buf *text) {
        for (size_t g = 0; g < plan->n_gates; g++)
                for (size_t i = 0; i < plan->gates[g].n_checks; i++) {
                        const Gate *gate = &plan->gates[g];
                        const Check *check = &gate->checks[i];

                        for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
                                if (is_first_of_its_matrix(gate, i) && rows[k].applies(gate, check))
                                        buf_printf(text, "%s:%zu:%zu: hint: check `%.*s`: %s\n",
                                                   file, check->place.line, check->place.column,
                                                   SLICE_ARGS(check->family), rows[k].sentence);
                }
}
