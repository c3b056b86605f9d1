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
#include "base/proc.h"
#include "sandbox/report.h"

enum {
        COMMAND_BYTES_MAX = 1024,
        TABLE_BYTES_MAX = 1 << 20,
        FDS_MAX = 4096,
        LISTENS_BYTES_MAX = 1024
};

/* Tables of sockets, and how a listening one is recognised in each. Fields are as proc_get_field
 * counts them. */
static const struct {
        const char *kind, *listening;
        unsigned state_field, inode_field, place_field;
} table_rows[LEFTOVERS_TABLES] = {
        {.kind = "tcp", .listening = "0A", .state_field = 3, .inode_field = 9, .place_field = 1},
        {.kind = "tcp6", .listening = "0A", .state_field = 3, .inode_field = 9, .place_field = 1},
        {.kind = "udp", .listening = "07", .state_field = 3, .inode_field = 9, .place_field = 1},
        {.kind = "udp6", .listening = "07", .state_field = 3, .inode_field = 9, .place_field = 1},
        {.kind = "unix",
         .listening = "00010000",
         .state_field = 3,
         .inode_field = 6,
         .place_field = 7},
};

static void read_tables(Buf tables[LEFTOVERS_TABLES]) {
        for (size_t i = 0; i < LEFTOVERS_TABLES; i++) {
                cleanup_free char *path = mem_printf("/proc/net/%s", table_rows[i].kind);

                tables[i] = BUF_INIT(TABLE_BYTES_MAX);
                if (file_read(path, &tables[i]) < 0)
                        buf_clear(&tables[i]); /* nothing is known */
        }
}

static void free_tables(Buf tables[LEFTOVERS_TABLES]) {
        for (size_t i = 0; i < LEFTOVERS_TABLES; i++)
                buf_deinit(&tables[i]);
}

/* "0100007F:2328" is 127.0.0.1:9000; of the longer addresses only the port is told. */
static void put_address(Buf *text, const char *kind, Slice place) {
        cleanup_free char *copy = mem_strndup((const char *)place.data, place.n);
        const char *colon = strrchr(copy, ':');
        unsigned long address = strtoul(copy, NULL, 16);
        unsigned long port = colon ? strtoul(colon + 1, NULL, 16) : 0;

        if (colon == copy + 8)
                buf_printf(text, "%s %lu.%lu.%lu.%lu:%lu", kind, address & 255, address >> 8 & 255,
                           address >> 16 & 255, address >> 24 & 255, port);
        else
                buf_printf(text, "%s port %lu", kind, port);
}

static void put_place(Buf *text, size_t row, Slice line) {
        const char *kind = table_rows[row].kind;

        if (text->n)
                buf_text(text, ", ");
        if (strcmp(kind, "unix") == 0)
                buf_printf(text, "unix %.*s",
                           SLICE_ARGS(proc_get_rest(line, table_rows[row].place_field)));
        else
                put_address(text, kind, proc_get_field(line, table_rows[row].place_field));
}

void leftovers_put_socket(const Slice tables[LEFTOVERS_TABLES], Slice inode, Buf *text) {
        for (size_t i = 0; i < LEFTOVERS_TABLES; i++)
                for (Slice rest = tables[i]; rest.n;) {
                        Slice line = proc_take_line(&rest);

                        if (!slice_is(proc_get_field(line, table_rows[i].state_field),
                                      table_rows[i].listening) ||
                            !slice_equal(proc_get_field(line, table_rows[i].inode_field), inode))
                                continue;
                        put_place(text, i, line);
                        return;
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

static char *find_listens(Arena *arena, int process_fd, const Buf tables[LEFTOVERS_TABLES]) {
        cleanup_buf Buf text = BUF_INIT(LISTENS_BYTES_MAX);
        int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Slice texts[LEFTOVERS_TABLES];
        DIR *entries = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *entry;
        char *listens;

        if (!entries)
                return NULL;
        for (size_t i = 0; i < LEFTOVERS_TABLES; i++)
                texts[i] = buf_get(&tables[i]);
        for (int n = 0; n < FDS_MAX && (entry = readdir(entries)); n++) {
                char target[64];
                ssize_t n_target = readlinkat(fd, entry->d_name, target, sizeof target);

                if (n_target > 9 && memcmp(target, "socket:[", 8) == 0)
                        leftovers_put_socket(texts, slice_make(target + 8, (size_t)n_target - 9),
                                             &text);
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

char *leftovers_name_command(Slice stat, Slice arguments, Arena *arena) {
        ProcStat facts;
        char *text;

        if (!proc_read_stat(stat, &facts) || !proc_is_alive(&facts))
                return NULL;
        while (arguments.n && arguments.data[arguments.n - 1] == 0)
                arguments.n--;
        text = arguments.n ? arena_text(arena, arguments)
                           : arena_printf(arena, "[%.*s]", SLICE_ARGS(facts.name));
        for (size_t i = 0; i < arguments.n; i++)
                if (text[i] == 0)
                        text[i] = ' ';
        make_printable(text);
        return text;
}

static char *find_command(Arena *arena, int process_fd) {
        cleanup_buf Buf stat = BUF_INIT(COMMAND_BYTES_MAX);
        cleanup_buf Buf line = BUF_INIT(COMMAND_BYTES_MAX);

        read_at(process_fd, "stat", &stat);
        read_at(process_fd, "cmdline", &line);
        return leftovers_name_command(buf_get(&stat), buf_get(&line), arena);
}

static bool is_meant(const Descendants *only, uint64_t pid) {
        bool is_found = !only && pid > 1;

        for (size_t i = 0; only && i < only->n; i++)
                is_found |= (uint64_t)only->pids[i] == pid;
        return is_found;
}

void leftovers_list(const Descendants *only, SandboxOutcome *outcome) {
        Buf tables[LEFTOVERS_TABLES];
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
