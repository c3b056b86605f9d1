/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Fields are counted from where no stranger has written. */

#include "base/proc.h"

#include <limits.h>

/* As proc(5) counts them behind the name, the state being the third. */
enum { FIELD_STATE, FIELD_PARENT, FIELD_THREADS = 17, FIELD_STARTED = 19 };

enum { OCTAL_DIGITS = 3, MOUNT_FIELDS = 6 };

Slice proc_take_line(Slice *rest) {
        size_t n = slice_find(*rest, slice_text("\n"));
        Slice line = slice_head(*rest, n);

        *rest = slice_from(*rest, n + 1);
        return line;
}

static Slice skip_blanks(Slice text) {
        size_t n = 0;

        while (n < text.n && text.data[n] == ' ')
                n++;
        return slice_from(text, n);
}

Slice proc_get_rest(Slice line, unsigned number) {
        line = skip_blanks(line);
        for (; number; number--)
                line = skip_blanks(slice_from(line, slice_find(line, slice_text(" "))));
        return line;
}

Slice proc_get_field(Slice line, unsigned number) {
        Slice rest = proc_get_rest(line, number);

        return slice_head(rest, slice_find(rest, slice_text(" ")));
}

uint64_t proc_number(Slice text) {
        uint64_t number = 0;

        text = skip_blanks(text);
        for (size_t i = 0; i < text.n && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
                uint64_t digit = (uint64_t)(text.data[i] - '0');

                if (number > (UINT64_MAX - digit) / 10)
                        return UINT64_MAX;
                number = number * 10 + digit;
        }
        return number;
}

uint64_t proc_find_number(Slice table, const char *words) {
        size_t n = strlen(words);

        while (table.n) {
                Slice line = proc_take_line(&table);

                if (slice_is(slice_head(line, n), words))
                        return proc_number(slice_from(line, n));
        }
        return 0;
}

/* ---- processes ---- */

/* The last of the byte; the slice's length: there is none. */
static size_t find_last(Slice text, uint8_t byte) {
        for (size_t i = text.n; i-- > 0;)
                if (text.data[i] == byte)
                        return i;
        return text.n;
}

bool proc_read_stat(Slice text, ProcStat *ret_stat) {
        size_t open = slice_find(text, slice_text("(")), close = find_last(text, ')');
        Slice fields, state;
        uint64_t parent;

        if (open >= close)
                return false;
        fields = slice_from(text, close + 1);
        state = proc_get_field(fields, FIELD_STATE);
        parent = proc_number(proc_get_field(fields, FIELD_PARENT));
        if (state.n != 1 || parent > INT_MAX || !proc_get_field(fields, FIELD_STARTED).n)
                return false;
        *ret_stat = (ProcStat){
                .name = slice_make(text.data + open + 1, close - open - 1),
                .state = (char)state.data[0],
                .parent = (pid_t)parent,
                .n_threads = proc_number(proc_get_field(fields, FIELD_THREADS)),
                .started = proc_number(proc_get_field(fields, FIELD_STARTED)),
        };
        return true;
}

bool proc_is_alive(const ProcStat *stat) {
        return stat->state != 'Z' && stat->state != 'X' && stat->state != 'x';
}

/* ---- mounts ---- */

/* One blank separates: what was mounted may have an empty name. */
static Slice cut(Slice *rest) {
        size_t n = slice_find(*rest, slice_text(" "));
        Slice field = slice_head(*rest, n);

        *rest = slice_from(*rest, n + 1);
        return field;
}

bool proc_read_mount(Slice line, ProcMount *ret_mount) {
        Slice fields[MOUNT_FIELDS];

        for (size_t i = 0; i < MOUNT_FIELDS; i++)
                fields[i] = cut(&line);
        while (line.n && !slice_is(cut(&line), "-")) /* fields that may be there */
                ;
        *ret_mount = (ProcMount){
                .root = fields[3], .path = fields[4], .options = fields[5], .type = cut(&line)};
        (void)cut(&line);
        ret_mount->of_system = line;
        return ret_mount->path.n && ret_mount->path.data[0] == '/' && ret_mount->type.n;
}

static bool is_octal(Slice digits) {
        for (size_t i = 0; i < digits.n; i++)
                if (digits.data[i] < '0' || digits.data[i] > '7')
                        return false;
        return digits.n == OCTAL_DIGITS && digits.data[0] <= '3';
}

void proc_unescape(Slice field, Buf *path) {
        while (field.n) {
                Slice digits = slice_head(slice_from(field, 1), OCTAL_DIGITS);
                bool is_escape = field.data[0] == '\\' && is_octal(digits);

                if (is_escape)
                        buf_byte(path,
                                 (uint8_t)((digits.data[0] - '0') << 6 |
                                           (digits.data[1] - '0') << 3 | (digits.data[2] - '0')));
                else
                        buf_byte(path, field.data[0]);
                field = slice_from(field, is_escape ? 1 + OCTAL_DIGITS : 1);
        }
}

/* ---- control groups ---- */

Slice proc_find_group(Slice table, const char *controllers) {
        while (table.n) {
                Slice line = proc_take_line(&table);
                Slice rest = slice_from(line, slice_find(line, slice_text(":")) + 1);
                size_t n = slice_find(rest, slice_text(":"));

                if (slice_is(slice_head(rest, n), controllers) && n + 1 < rest.n &&
                    rest.data[n + 1] == '/')
                        return slice_from(rest, n + 1);
        }
        return SLICE_NULL;
}
