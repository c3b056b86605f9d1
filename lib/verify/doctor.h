/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What this machine can do for a verification, found out by doing it: each row is one thing that
 * was tried, what was found, and what to do where it is not good. Nothing is changed.
 */

#include "base/arena.h"
#include "base/buf.h"

typedef enum DoctorState {
        DOCTOR_GOOD,
        DOCTOR_WEAK,    /* verdicts can be given; less is kept apart, or it is slower */
        DOCTOR_MISSING, /* no verdict can be given */
} DoctorState;

typedef struct DoctorRow {
        const char *name;
        DoctorState state;
        Slice found;
        const char *advice; /* where it is not good; NULL otherwise */
} DoctorRow;

enum { DOCTOR_ROWS_MAX = 16 };

typedef struct Doctor {
        Arena arena;
        Slice isolation; /* as a check's evidence would say it; empty: no sandbox can be had */
        DoctorRow rows[DOCTOR_ROWS_MAX];
        size_t n_rows;
} Doctor;

/* `scratch` is a directory of ours alone; what is tried is removed again. */
int doctor_examine(const char *scratch, Doctor *ret_doctor) must_check;
void doctor_deinit(Doctor *doctor);

/* The worst of the rows. */
DoctorState doctor_get_state(const Doctor *doctor);

/* For people: a line a row, then what can be promised. */
void doctor_describe(const Doctor *doctor, Buf *text);
/* docs/json.md: {"version":1,"doctor":{…}} */
void doctor_describe_json(const Doctor *doctor, Buf *text);
