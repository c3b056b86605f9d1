/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Decimal numbers: significant digits and where the point stands. */

#include "plan/decimal.h"

#include <inttypes.h>
#include <stdio.h>

enum { EXPONENT_MAX = 9999, WHOLE_DIGITS_MAX = 18 };

static const int64_t whole_max = INT64_C(1000000000000000000);

/* Zeros behind the last significant digit are kept back until another digit follows. */
typedef struct Reading {
        Decimal decimal;
        size_t n_zeros;
        bool is_started, is_too_long;
} Reading;

static bool is_digit(uint8_t byte) {
        return byte >= '0' && byte <= '9';
}

static void read_digit(Reading *reading, char digit, bool is_fraction) {
        Decimal *decimal = &reading->decimal;

        if (digit == '0' && !reading->is_started) {
                decimal->magnitude -= is_fraction;
                return;
        }
        reading->is_started = true;
        decimal->magnitude += !is_fraction;
        if (digit == '0') {
                reading->n_zeros++;
                return;
        }
        if (reading->n_zeros + 1 > (size_t)(DECIMAL_DIGITS_MAX - decimal->n_digits)) {
                reading->is_too_long = true;
                return;
        }
        for (; reading->n_zeros; reading->n_zeros--)
                decimal->digits[decimal->n_digits++] = '0';
        decimal->digits[decimal->n_digits++] = digit;
}

/* Digits up to what is none; false if there are none. */
static bool read_digits(Reading *reading, Slice *text, bool is_fraction) {
        size_t i = 0;

        for (; i < text->n && is_digit(text->data[i]); i++)
                read_digit(reading, (char)text->data[i], is_fraction);
        *text = slice_from(*text, i);
        return i > 0;
}

static bool read_exponent(Decimal *decimal, Slice *text) {
        int32_t exponent = 0;
        bool is_negative;

        *text = slice_from(*text, 1);
        if (text->n == 0)
                return false;
        is_negative = text->data[0] == '-';
        if (is_negative || text->data[0] == '+')
                *text = slice_from(*text, 1);
        if (text->n == 0)
                return false;
        for (; text->n && is_digit(text->data[0]); *text = slice_from(*text, 1)) {
                exponent = exponent * 10 + (text->data[0] - '0');
                if (exponent > EXPONENT_MAX)
                        return false;
        }
        decimal->magnitude += is_negative ? -exponent : exponent;
        return true;
}

bool decimal_parse(Slice text, Decimal *ret_decimal) {
        Reading reading = {.n_zeros = 0};

        if (text.n > UINT16_MAX)
                return false;
        if (text.n && (text.data[0] == '-' || text.data[0] == '+')) {
                reading.decimal.is_negative = text.data[0] == '-';
                text = slice_from(text, 1);
        }
        if (!read_digits(&reading, &text, false))
                return false;
        if (text.n && text.data[0] == '.') {
                text = slice_from(text, 1);
                if (!read_digits(&reading, &text, true))
                        return false;
        }
        if (text.n && (text.data[0] == 'e' || text.data[0] == 'E') &&
            !read_exponent(&reading.decimal, &text))
                return false;
        if (text.n || reading.is_too_long)
                return false;
        if (reading.decimal.n_digits == 0)
                reading.decimal = (Decimal){.n_digits = 0};
        *ret_decimal = reading.decimal;
        return true;
}

Decimal decimal_of(int64_t number) {
        Decimal decimal = {.n_digits = 0};
        char text[24];

        (void)snprintf(text, sizeof text, "%" PRId64, number);
        (void)decimal_parse(slice_text(text), &decimal);
        return decimal;
}

int64_t decimal_floor(const Decimal *decimal) {
        int64_t whole = 0;
        bool has_rest = decimal->n_digits > 0 && decimal->n_digits > decimal->magnitude;

        if (decimal->magnitude > WHOLE_DIGITS_MAX)
                return decimal->is_negative ? -whole_max : whole_max;
        for (int32_t i = 0; i < decimal->magnitude; i++)
                whole = whole * 10 + (i < decimal->n_digits ? decimal->digits[i] - '0' : 0);
        return decimal->is_negative ? -whole - has_rest : whole;
}

static int compare_sizes(const Decimal *a, const Decimal *b) {
        int order;

        if (a->n_digits == 0 || b->n_digits == 0)
                return (a->n_digits > 0) - (b->n_digits > 0);
        if (a->magnitude != b->magnitude)
                return a->magnitude < b->magnitude ? -1 : 1;
        order = memcmp(a->digits, b->digits, size_min(a->n_digits, b->n_digits));
        return order ? order : (a->n_digits > b->n_digits) - (a->n_digits < b->n_digits);
}

int decimal_compare(const Decimal *a, const Decimal *b) {
        if (a->is_negative != b->is_negative)
                return a->is_negative ? -1 : 1;
        return a->is_negative ? compare_sizes(b, a) : compare_sizes(a, b);
}
