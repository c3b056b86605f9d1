/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* /proc/net/tcp, tcp6 and unix. */

#include "verify/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "view/status.h"

enum {
        TABLE_BYTES_MAX = 8 << 20,
        ADDRESS_TEXT_BYTES = 64,
        V6_BYTES = 16,
        WORD_BYTES = 4,
        UNIX_PATH_FIELD = 7,
};

/* IPv4 as the IPv6 address that it maps to, so that there is one kind. */
typedef struct Address {
        uint8_t bytes[V6_BYTES];
        bool is_v4;
} Address;

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool address_parse(Slice text, Address *ret_address) {
        char copy[ADDRESS_TEXT_BYTES];

        *ret_address = (Address){.is_v4 = true};
        (void)snprintf(copy, sizeof copy, "%.*s",
                       SLICE_ARGS(text.n ? text : slice_text("127.0.0.1")));
        memcpy(ret_address->bytes, v4_prefix, sizeof v4_prefix);
        if (text.n < sizeof copy &&
            inet_pton(AF_INET, copy, ret_address->bytes + sizeof v4_prefix) == 1)
                return true;
        ret_address->is_v4 = false;
        return text.n < sizeof copy && inet_pton(AF_INET6, copy, ret_address->bytes) == 1;
}

bool listeners_knows(Slice address) {
        Address parsed;

        return (address.n && address.data[0] == '/') || address_parse(address, &parsed);
}

static bool is_wildcard(const Address *address) {
        static const uint8_t zeros[V6_BYTES];
        size_t first = address->is_v4 ? sizeof v4_prefix : 0;

        return memcmp(address->bytes + first, zeros, V6_BYTES - first) == 0;
}

/* One that takes IPv6 for all addresses takes IPv4 too, unless told otherwise, which the table does
 * not show. */
static bool takes(const Address *listener, const Address *wanted) {
        if (listener->is_v4 == wanted->is_v4 &&
            memcmp(listener->bytes, wanted->bytes, V6_BYTES) == 0)
                return true;
        return is_wildcard(listener) && !is_wildcard(wanted) &&
               (listener->is_v4 == wanted->is_v4 || !listener->is_v4);
}

/* "0100007F:1F90": words of four bytes as this machine has them in memory, then the port. */
static bool place_parse(Slice place, Address *ret_address, uint64_t *ret_port) {
        size_t colon = slice_find(place, slice_text(":"));
        char digits[9] = "";

        *ret_address = (Address){.is_v4 = colon == 2 * WORD_BYTES};
        if ((colon != 2 * WORD_BYTES && colon != 2 * V6_BYTES) || place.n != colon + 5)
                return false;
        memcpy(ret_address->bytes, v4_prefix, sizeof v4_prefix);
        for (size_t i = 0; i < colon; i += 2 * WORD_BYTES) {
                uint32_t word;

                memcpy(digits, place.data + i, 8);
                word = (uint32_t)strtoul(digits, NULL, 16);
                memcpy(ret_address->bytes + (ret_address->is_v4 ? sizeof v4_prefix : i / 2), &word,
                       sizeof word);
        }
        memcpy(digits, place.data + colon + 1, 4);
        digits[4] = 0;
        *ret_port = strtoul(digits, NULL, 16);
        /* IPv4 through a socket of IPv6. */
        if (!ret_address->is_v4)
                ret_address->is_v4 = memcmp(ret_address->bytes, v4_prefix, sizeof v4_prefix) == 0;
        return true;
}

static void say(const Address *address, uint64_t port, Buf *lines) {
        char text[INET6_ADDRSTRLEN] = "?";

        if (address->is_v4)
                (void)inet_ntop(AF_INET, address->bytes + sizeof v4_prefix, text, sizeof text);
        else
                (void)inet_ntop(AF_INET6, address->bytes, text, sizeof text);
        buf_printf(lines, address->is_v4 ? "tcp %s:%llu\n" : "tcp [%s]:%llu\n", text,
                   (unsigned long long)port);
}

bool listeners_find_tcp(Slice table, uint64_t port, Slice address, Buf *lines) {
        Address wanted;
        bool is_there = false;

        if (!address_parse(address, &wanted))
                return false;
        (void)proc_take_line(&table);
        while (table.n) {
                Slice line = proc_take_line(&table);
                Address listener;
                uint64_t its_port;

                if (!slice_is(proc_get_field(line, 3), "0A") ||
                    !place_parse(proc_get_field(line, 1), &listener, &its_port) || its_port != port)
                        continue;
                say(&listener, its_port, lines);
                is_there |= takes(&listener, &wanted);
        }
        return is_there;
}

bool listeners_find_unix(Slice table, Slice path, Buf *lines) {
        (void)proc_take_line(&table);
        while (table.n) {
                Slice line = proc_take_line(&table);

                if (!slice_is(proc_get_field(line, 3), "00010000") ||
                    !slice_equal(proc_get_rest(line, UNIX_PATH_FIELD), path))
                        continue;
                buf_text(lines, "unix ");
                text_make_visible(path, false, lines);
                buf_byte(lines, '\n');
                return true;
        }
        return false;
}

/* Its beginning will do: who listens stands before the connections. */
static int read_table(int pid, const char *name, Buf *table) {
        cleanup_free char *path = pid ? mem_printf("/proc/%d/net/%s", pid, name)
                                      : mem_printf("/proc/self/net/%s", name);
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

        buf_clear(table);
        table->is_full = false;
        return fd >= 0 && fd_read_all(fd, table) == 0 ? 0 : LISTENERS_E_UNREADABLE;
}

int listeners_look(int pid, const Check *check, Buf *ret_lines, bool *ret_is_there) {
        cleanup_buf Buf table = BUF_INIT(TABLE_BYTES_MAX);
        Slice address = check->port.address;
        int r;

        buf_clear(ret_lines);
        *ret_is_there = false;
        if (address.n && address.data[0] == '/') {
                r = read_table(pid, "unix", &table);
                if (r == 0)
                        *ret_is_there = listeners_find_unix(buf_get(&table), address, ret_lines);
                return r;
        }
        r = read_table(pid, "tcp", &table);
        if (r != 0)
                return r;
        *ret_is_there = listeners_find_tcp(buf_get(&table), check->port.number, address, ret_lines);
        if (read_table(pid, "tcp6", &table) == 0) /* a machine may have none */
                *ret_is_there |=
                        listeners_find_tcp(buf_get(&table), check->port.number, address, ret_lines);
        return 0;
}
