/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Everything here is named by processes that are not trusted: sizes are bounded, bytes replaced. */

#include "sandbox/leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/report.h"

enum {
        COMMAND_BYTES_MAX = 1024,
        TABLE_BYTES_MAX = 1 << 20,
        FDS_MAX = 4096,
        LISTENS_BYTES_MAX = 1024
};

/* One table of sockets, and how a listening one is recognised in it. */
typedef struct SocketTable {
        const char *name;
        int state_field; /* counted from 0, separated by blanks */
        const char *listening;
        int inode_field;
        int place_field;
        Buf text;
} SocketTable;

enum { N_SOCKET_TABLES = 5 };

static void read_tables(SocketTable tables[N_SOCKET_TABLES]) {
        static const SocketTable rows[N_SOCKET_TABLES] = {
                {.name = "tcp",
                 .state_field = 3,
                 .listening = "0A",
                 .inode_field = 9,
                 .place_field = 1},
                {.name = "tcp6",
                 .state_field = 3,
                 .listening = "0A",
                 .inode_field = 9,
                 .place_field = 1},
                {.name = "udp",
                 .state_field = 3,
                 .listening = "07",
                 .inode_field = 9,
                 .place_field = 1},
                {.name = "udp6",
                 .state_field = 3,
                 .listening = "07",
                 .inode_field = 9,
                 .place_field = 1},
                {.name = "unix",
                 .state_field = 3,
                 .listening = "00010000",
                 .inode_field = 6,
                 .place_field = 7},
        };

        for (size_t i = 0; i < N_SOCKET_TABLES; i++) {
                cleanup_free char *path = mem_printf("/proc/net/%s", rows[i].name);

                tables[i] = rows[i];
                tables[i].text = BUF_INIT(TABLE_BYTES_MAX);
                if (file_read(path, &tables[i].text) < 0)
                        buf_clear(&tables[i].text); /* nothing is known */
        }
}

static void free_tables(SocketTable tables[N_SOCKET_TABLES]) {
        for (size_t i = 0; i < N_SOCKET_TABLES; i++)
                buf_deinit(&tables[i].text);
}

static Slice take_line(Slice *rest) {
        size_t n = slice_find(*rest, slice_text("\n"));
        Slice line = slice_head(*rest, n);

        *rest = slice_from(*rest, n + 1);
        return line;
}

static Slice field_of(Slice line, int number) {
        for (;;) {
                size_t n = 0;

                while (line.n && line.data[0] == ' ')
                        line = slice_from(line, 1);
                while (n < line.n && line.data[n] != ' ')
                        n++;
                if (number-- == 0)
                        return slice_head(line, n);
                if (n == line.n)
                        return SLICE_NULL;
                line = slice_from(line, n);
        }
}

/* "0100007F:2328" is 127.0.0.1:9000; of the longer addresses only the port is told. */
static void put_address(Buf *text, const char *kind, Slice place) {
        cleanup_free char *copy = mem_strndup((const char *)place.data, place.n);
        const char *colon = strrchr(copy, ':');
        unsigned long address = strtoul(copy, NULL, 16);
        unsigned long port = colon ? strtoul(colon + 1, NULL, 16) : 0;

        if (strcmp(kind, "unix") == 0)
                buf_printf(text, "unix %s", copy);
        else if (colon == copy + 8)
                buf_printf(text, "%s %lu.%lu.%lu.%lu:%lu", kind, address & 255, address >> 8 & 255,
                           address >> 16 & 255, address >> 24 & 255, port);
        else
                buf_printf(text, "%s port %lu", kind, port);
}

static void put_socket(Buf *text, SocketTable tables[N_SOCKET_TABLES], Slice inode) {
        for (size_t i = 0; i < N_SOCKET_TABLES; i++) {
                const SocketTable *table = &tables[i];
                Slice rest = buf_get(&table->text);

                while (rest.n) {
                        Slice line = take_line(&rest);

                        if (!slice_is(field_of(line, table->state_field), table->listening) ||
                            !slice_equal(field_of(line, table->inode_field), inode))
                                continue;
                        if (text->n)
                                buf_text(text, ", ");
                        put_address(text, table->name, field_of(line, table->place_field));
                        return;
                }
        }
}

static void make_printable(char *text) {
        for (; *text; text++)
                if (iscntrl((unsigned char)*text))
                        *text = '?';
}

static char *read_link(Arena *arena, int dir_fd, const char *name) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
        char *text;

        if (n < 0)
                return NULL;
        text = arena_text(arena, slice_make(target, (size_t)n));
        make_printable(text);
        return text;
}

static char *find_listens(Arena *arena, int process_fd, SocketTable tables[N_SOCKET_TABLES]) {
        cleanup_buf Buf text = BUF_INIT(LISTENS_BYTES_MAX);
        int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *entry;
        char *listens;

        if (!entries)
                return NULL;
        for (int n = 0; n < FDS_MAX && (entry = readdir(entries)); n++) {
                char target[64];
                ssize_t n_target = readlinkat(fd, entry->d_name, target, sizeof target);

                if (n_target > 9 && memcmp(target, "socket:[", 8) == 0)
                        put_socket(&text, tables, slice_make(target + 8, (size_t)n_target - 9));
        }
        (void)closedir(entries);
        if (!text.n)
                return NULL;
        listens = arena_text(arena, buf_get(&text));
        make_printable(listens);
        return listens;
}

static void read_at(int process_fd, const char *name, Buf *ret_bytes) {
        cleanup_fd int fd = openat(process_fd, name, O_RDONLY | O_CLOEXEC);
        uint8_t bytes[COMMAND_BYTES_MAX];
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);

        if (n > 0)
                buf_append(ret_bytes, bytes, (size_t)n);
}

/* Its arguments, or the name that the kernel has for it, in brackets. NULL: already dead. */
static char *find_command(Arena *arena, int process_fd) {
        cleanup_buf Buf stat = BUF_INIT(COMMAND_BYTES_MAX);
        cleanup_buf Buf line = BUF_INIT(COMMAND_BYTES_MAX);
        const char *open_bracket, *close_bracket;
        char *text;

        read_at(process_fd, "stat", &stat);
        open_bracket = strchr(buf_get_text(&stat), '(');
        close_bracket = strrchr(buf_get_text(&stat), ')');
        if (!open_bracket || !close_bracket || close_bracket[1] != ' ' ||
            strchr("ZXx", close_bracket[2]))
                return NULL;
        read_at(process_fd, "cmdline", &line);
        while (line.n && line.data[line.n - 1] == 0)
                line.n--;
        for (size_t i = 0; i < line.n; i++)
                if (line.data[i] == 0)
                        line.data[i] = ' ';
        text = line.n ? arena_text(arena, buf_get(&line))
                      : arena_printf(arena, "[%.*s]", (int)(close_bracket - open_bracket - 1),
                                     open_bracket + 1);
        make_printable(text);
        return text;
}

static bool is_meant(const Descendants *only, uint64_t pid) {
        bool is_found = !only && pid > 1;

        for (size_t i = 0; only && i < only->n; i++)
                is_found |= (uint64_t)only->pids[i] == pid;
        return is_found;
}

void leftovers_list(const Descendants *only, SandboxOutcome *outcome) {
        SocketTable tables[N_SOCKET_TABLES];
        Arena *arena = &outcome->arena;
        DIR *entries = opendir("/proc");
        struct dirent *entry;

        outcome->leftovers =
                arena_alloc_array(arena, REPORT_LEFTOVERS_MAX, sizeof(SandboxLeftover));
        if (!entries)
                return;
        read_tables(tables);
        while (outcome->n_leftovers < REPORT_LEFTOVERS_MAX && (entry = readdir(entries))) {
                uint64_t pid = strtoull(entry->d_name, NULL, 10);
                cleanup_fd int fd = -1;
                char *command;

                if (!is_meant(only, pid))
                        continue;
                fd = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                command = fd < 0 ? NULL : find_command(arena, fd);
                if (!command)
                        continue;
                outcome->leftovers[outcome->n_leftovers++] = (SandboxLeftover){
                        .pid = pid,
                        .command = command,
                        .cwd = read_link(arena, fd, "cwd"),
                        .listens = find_listens(arena, fd, tables),
                };
        }
        free_tables(tables);
        (void)closedir(entries);
}
