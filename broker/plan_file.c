/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/plan_file.h"

void plan_file_deinit(PlanFile *file) {
        plan_deinit(&file->plan);
}

int plan_file_read(const char *path, PlanFile *ret_file) {
        cleanup_buf Buf text = BUF_TEXT;

        ret_file->file = path;
        if (errand_read_file(path, PLAN_BYTES_MAX, &text, &ret_file->faults[0]) != 0) {
                ret_file->n_faults = 1;
                return PLAN_E_REFUSED;
        }
        return plan_parse(path, buf_get(&text), &ret_file->plan, ret_file->faults, PLAN_FAULTS_MAX,
                          &ret_file->n_faults);
}

int plan_file_in_force(const PhaseRecord *phase, PlanFile *ret_file) {
        ret_file->file = "the approved plan";
        return plan_parse(ret_file->file, slice_make(phase->plan_text, phase->plan_bytes),
                          &ret_file->plan, ret_file->faults, PLAN_FAULTS_MAX, &ret_file->n_faults);
}
