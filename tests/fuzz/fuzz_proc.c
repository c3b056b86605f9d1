/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The kernel's tables of this machine, in which strangers have chosen names: of programs, mounts,
 * control groups, sockets. What the kernel wrote is read as it was meant, whatever the name; what
 * no kernel wrote is refused or bounded. The first byte chooses the table. */

#include "tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/proc.h"
#include "base/processors.h"
#include "broker/ledger.h"
#include "sandbox/leftovers.h"
#include "verify/load.h"

enum { NAME_BYTES_MAX = 64, LISTENS_BYTES_MAX = 1024, TICK_MS = 10 };

/* Up to the first NUL; what is left stands behind it. */
static Slice cut(Slice *rest) {
        Slice head = slice_head(*rest, slice_find(*rest, slice_make("", 1)));

        *rest = slice_from(*rest, head.n + 1);
        return head;
}

static bool is_within(Slice part, Slice whole) {
        return !part.n || (part.data >= whole.data && part.data + part.n <= whole.data + whole.n);
}

static void read_stat(Slice text) {
        ProcStat stat;

        if (proc_read_stat(text, &stat))
                must(is_within(stat.name, text) && stat.parent >= 0 && stat.state != ' ');
}

/* A program of any name, as the kernel writes it: what follows is never taken from the name. */
static void read_stat_made(Slice text) {
        cleanup_buf Buf line = BUF_TEXT;
        Slice name = slice_head(cut(&text), NAME_BYTES_MAX);
        unsigned parent = text.n ? text.data[0] : 1, started = (unsigned)text.n;
        ProcStat stat;

        buf_text(&line, "17 (");
        buf_slice(&line, name);
        buf_printf(&line, ") S %u 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 %u 11 12\n", parent,
                   started);
        must(proc_read_stat(buf_get(&line), &stat));
        must(slice_equal(stat.name, name) && stat.state == 'S' && proc_is_alive(&stat));
        must((unsigned)stat.parent == parent && stat.n_threads == 9 && stat.started == started);
}

static void must_be_text(const char *text, size_t n_max) {
        must(strlen(text) <= n_max);
        for (; *text; text++)
                must((unsigned char)*text >= ' ' && *text != 0x7f);
}

/* A process that is still there: its line of `stat`, behind the first newline its arguments. */
static void read_command(Slice text) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice stat = slice_head(text, slice_find(text, slice_text("\n")));
        const char *name = leftovers_name_command(stat, slice_from(text, stat.n + 1), &arena);

        if (name)
                must_be_text(name, text.n + 2);
}

static void read_mounts(Slice table) {
        while (table.n) {
                cleanup_buf Buf path = BUF_INIT(table.n);
                Slice line = proc_take_line(&table);
                ProcMount mount;

                if (!proc_read_mount(line, &mount))
                        continue;
                must(is_within(mount.path, line) && is_within(mount.of_system, line));
                must(mount.path.data[0] == '/' && mount.type.n > 0);
                proc_unescape(mount.path, &path);
                must(!path.is_full && path.n > 0 && path.n <= mount.path.n);
        }
}

/* As the kernel writes names. */
static void escape(Slice name, Buf *line) {
        for (size_t i = 0; i < name.n; i++)
                if (strchr(" \t\n\\#", name.data[i]))
                        buf_printf(line, "\\%03o", name.data[i]);
                else
                        buf_byte(line, name.data[i]);
}

/* The path, what was mounted, its options: any names. */
static void read_mount_made(Slice text) {
        cleanup_buf Buf line = BUF_TEXT, path = BUF_TEXT;
        Slice name = cut(&text), source = cut(&text);
        ProcMount mount;

        buf_text(&line, "36 35 98:0 /mnt /");
        escape(name, &line);
        buf_text(&line,
                 name.n % 2 ? " rw,noatime shared:1 master:2 - fuse.x " : " rw,noatime - fuse.x ");
        escape(source, &line);
        buf_text(&line, " rw,");
        escape(cut(&text), &line);
        must(proc_read_mount(buf_get(&line), &mount));
        must(slice_is(mount.root, "/mnt") && slice_is(mount.options, "rw,noatime") &&
             slice_is(mount.type, "fuse.x") && slice_is(slice_head(mount.of_system, 3), "rw,"));
        proc_unescape(mount.path, &path);
        must(path.n == name.n + 1 && slice_equal(slice_from(buf_get(&path), 1), name));
}

static void read_group(Slice table) {
        static const char *const rows[] = {"", "memory", "name=systemd"};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Slice group = proc_find_group(table, rows[i]);

                must(is_within(group, table) && (!group.n || group.data[0] == '/'));
                must(slice_find(group, slice_text("\n")) == group.n);
        }
}

/* A group of any name in another hierarchy is never taken for ours. */
static void read_group_made(Slice text) {
        cleanup_buf Buf table = BUF_TEXT;

        buf_text(&table, "5:name=systemd:/");
        for (size_t i = 0; i < text.n; i++)
                buf_byte(&table, text.data[i] == '\n' ? '_' : text.data[i]);
        buf_text(&table, "\n4:memory:/ours\n0::/mine");
        must(slice_is(proc_find_group(buf_get(&table), "memory"), "/ours"));
        must(slice_is(proc_find_group(buf_get(&table), ""), "/mine"));
}

static void read_numbers(Slice table) {
        cleanup_buf Buf again = BUF_TEXT;
        uint64_t number = proc_number(table);
        LoadMark mark = {.all_ms = 0}, zero = {.all_ms = 0};

        buf_printf(&again, "some 1\noom_kill %" PRIu64 "\n", number);
        must(proc_find_number(buf_get(&again), "oom_kill ") == number);
        (void)proc_find_number(table, "MemAvailable:");
        (void)processors_of_quota(table);
        load_read(table, TICK_MS, &mark);
        must(load_of_others(&mark, &zero) <= 1000 && load_of_others(&zero, &mark) == 0);
}

/* The file, then the kernel's locks. */
static void read_locks(Slice table) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *file = arena_text(&arena, cut(&table));
        char readers[LEDGER_READERS_BYTES];

        memset(readers, 'x', sizeof readers);
        ledger_list_readers(table, file, readers);
        must(memchr(readers, 0, sizeof readers) != NULL);
        must(readers[strspn(readers, "0123456789, ")] == 0);
        must(!readers[0] ||
             (readers[0] >= '1' && readers[0] <= '9' && readers[strlen(readers) - 1] != ' '));
}

/* Whom a socket listens for: its number, then the five tables. */
static void read_sockets(Slice text) {
        cleanup_buf Buf listens = BUF_INIT(LISTENS_BYTES_MAX), twice = BUF_INIT(LISTENS_BYTES_MAX);
        Slice inode = cut(&text), tables[LEFTOVERS_TABLES];

        for (size_t i = 0; i < LEFTOVERS_TABLES; i++)
                tables[i] = cut(&text);
        leftovers_put_socket(tables, inode, &listens);
        must(slice_find(buf_get(&listens), slice_text("\n")) == listens.n);
        buf_text(&twice, "x");
        leftovers_put_socket(tables, inode, &twice);
        must(listens.n == 0 ? twice.n == 1 : twice.is_full || twice.n == listens.n + 3);
}

/* A unix socket of any name is told by its whole name. */
static void read_socket_made(Slice text) {
        cleanup_buf Buf table = BUF_TEXT, listens = BUF_INIT(LISTENS_BYTES_MAX), wanted = BUF_TEXT;
        Slice tables[LEFTOVERS_TABLES] = {{NULL, 0}}, name = slice_head(cut(&text), NAME_BYTES_MAX);

        name = slice_head(name, slice_find(name, slice_text("\n")));
        buf_text(&table, "Num       RefCount Protocol Flags    Type St Inode Path\n"
                         "0000000000000000: 00000002 00000000 00010000 0001 01  4711 /");
        buf_slice(&table, name);
        tables[LEFTOVERS_TABLES - 1] = buf_get(&table);
        leftovers_put_socket(tables, slice_text("4711"), &listens);
        buf_text(&wanted, "unix /");
        buf_slice(&wanted, name);
        must(slice_equal(buf_get(&listens), buf_get(&wanted)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static void (*const readers[])(Slice text) = {
                read_stat,       read_stat_made, read_command,     read_mounts,
                read_mount_made, read_group,     read_group_made,  read_numbers,
                read_locks,      read_sockets,   read_socket_made,
        };
        Slice input = slice_make(data, n);

        if (n > 0)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
