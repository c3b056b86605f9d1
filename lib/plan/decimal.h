/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Numbers as they are written, compared exactly: no rounding, no locale, no infinity. */

#include "base/slice.h"

enum { DECIMAL_DIGITS_MAX = 40 };

/* 0.digits times ten to the power of `magnitude`; zero has no digits. */
typedef struct Decimal {
        bool is_negative;
        uint8_t n_digits;
        int32_t magnitude;
        char digits[DECIMAL_DIGITS_MAX];
} Decimal;

/* "12", "-0.5", "1e3". False on anything else and beyond 40 significant digits. */
bool decimal_parse(Slice text, Decimal *ret_decimal);
Decimal decimal_of(int64_t number);
/* The greatest whole number that is not greater, as far as it fits. */
int64_t decimal_floor(const Decimal *decimal);
/* As memcmp. */
int decimal_compare(const Decimal *a, const Decimal *b);
