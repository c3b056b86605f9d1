/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The long doings of an operator, `backup`, `restore`, and the start that brings an old ledger up,
 * end at the n-th call to the disk, or that call fails. Whatever has a backup's name is whole;
 * the ledger is the old one or the new one, or is refused until the same command was given again.
 */

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "broker/ledger.h"
#include "broker/verify.h"
#include "tests/chaos/extent.h"
#include "tests/lib/hurt.h"
#include "tests/lib/test.h"

enum { N_CYCLES = 4, VERB_MS = 30000, WORDS_MAX = 12 };

typedef struct Site {
        Hurt hurt;
        const char *backups; /* a directory */
        char *first;         /* a backup that is whole */
        uint64_t n_whole;
} Site;

static int run_hurt(Site *site, const char *const *words, Buf *err) {
        cleanup_free char *preload =
                mem_printf("LD_PRELOAD=%s", bench_program("COLDGATE_SHIM_LIBRARY"));
        cleanup_free char *orders = mem_printf("COLDGATE_SHIM=%s", site->hurt.shim_path);
        const char *const env[] = {preload, orders, NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER")},
                            .cwd = site->hurt.broker.dir,
                            .env = env};

        for (size_t i = 0; words[i] && i < WORDS_MAX; i++)
                spec.argv[i + 1] = words[i];
        return bench_run(&spec, VERB_MS, NULL, err);
}

static void check_backup(const Site *site, const char *path) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        VerifyReport report;

        if (ledger_open(path, LEDGER_INSPECT, &ledger, &fault) != 0 ||
            verify_ledger(ledger, &site->hurt.broker.project.broker_key, NULL, 0, &report,
                          &fault) != 0)
                FAIL_TEST("%s has a backup's name: %s: %s; call %" PRIu64 ", fault %u", path,
                          fault.rule, fault.found, site->hurt.shim->at, site->hurt.shim->fault);
}

/* Every file that is called ledger-… . */
static void check_backups(Site *site) {
        DIR *entries = opendir(site->backups);
        struct dirent *entry;

        CHECK(entries);
        while ((entry = readdir(entries))) {
                cleanup_free char *path = mem_printf("%s/%s", site->backups, entry->d_name);
                size_t n = strlen(entry->d_name);

                if (strncmp(entry->d_name, "ledger-", 7) != 0 ||
                    strcmp(entry->d_name + n - 3, ".db") != 0)
                        continue;
                check_backup(site, path);
                site->n_whole++;
        }
        (void)closedir(entries);
}

static void site_init(Site *site) {
        extent_begin();
        *site = (Site){.backups = test_dir()};
        hurt_init(&site->hurt);
        site->first = mem_printf("%s/first.db", test_dir());
        real_broker_do(&site->hurt.broker, NULL, "backup", site->first);
        real_broker_do(&site->hurt.broker, NULL, "keygen", "ada");
        real_broker_do(&site->hurt.broker, NULL, "admit", "ada", "observer",
                       ".coldgate/keys/ada.pub");
}

static void site_deinit(Site *site) {
        hurt_deinit(&site->hurt);
        free(site->first);
}
#define cleanup_site cleanup(site_deinit)

typedef void (*Act)(Site *site, Buf *err);
typedef void (*Look)(Site *site);

static void run_cycles(Site *site, Act act, Look look) {
        static const ShimFault faults[] = {SHIM_KILL_BEFORE, SHIM_KILL_MIDDLE, SHIM_KILL_AFTER,
                                           SHIM_EIO, SHIM_ENOSPC};
        uint64_t seed = extent_seed(), n_calls, n_cycles = 0;
        cleanup_buf Buf err = BUF_TEXT;

        hurt_order(&site->hurt, SHIM_NOTHING, 0, false);
        act(site, &err);
        n_calls = atomic_load(&site->hurt.shim->n_calls);
        look(site);
        CHECK(n_calls > 0);
        for (uint64_t i = 0; i < (extent_is_long ? n_calls * ARRAY_SIZE(faults) : N_CYCLES); i++) {
                uint64_t at =
                        extent_is_long ? i / ARRAY_SIZE(faults) : extent_draw(seed + i) % n_calls;

                hurt_order(&site->hurt, faults[i % ARRAY_SIZE(faults)], at + 1, i % 2);
                buf_clear(&err);
                act(site, &err);
                look(site);
                n_cycles++;
        }
        printf("# %" PRIu64 " cycles over %" PRIu64 " calls: lost 0; seed %" PRIu64 "\n", n_cycles,
               n_calls, seed);
}

/* ---- backup ---- */

static void back_up(Site *site, Buf *err) {
        CHECK_EQ_INT(dir_remove(site->backups), 0);
        CHECK_EQ_INT(dir_make(site->backups, 0700), 0);
        (void)snprintf(site->hurt.shim->root, sizeof site->hurt.shim->root, "%s", site->backups);
        (void)run_hurt(site, (const char *[]){"backup", site->backups, NULL}, err);
}

static void look_at_backups(Site *site) {
        check_backups(site);
        real_broker_do(&site->hurt.broker, NULL, "verify");
}

TEST(what_has_a_backups_name_is_whole_wherever_the_backup_was_cut_off) {
        cleanup_site Site site;

        site_init(&site);
        run_cycles(&site, back_up, look_at_backups);
        CHECK(site.n_whole > 0);
}

/* ---- restore ---- */

static void restore(Site *site, Buf *err) {
        (void)run_hurt(site,
                       (const char *[]){"restore", site->first, "--accept-loss", "a trial", NULL},
                       err);
}

/* Whether `verify` holds. It may say that a verb was cut off, and by which name: behind the swap of
 * a restore, or between the two files of a checkpoint. */
static bool is_whole(Site *site) {
        cleanup_buf Buf out = BUF_TEXT, err = BUF_TEXT;

        if (real_broker_verb(&site->hurt.broker, &out, &err, "verify") == 0)
                return true;
        if (!strstr(buf_get_text(&err), "ledger-restoring") &&
            !strstr(buf_get_text(&err), "checkpoint-signature"))
                FAIL_TEST("call %" PRIu64 ", fault %u: %s%s", site->hurt.shim->at,
                          site->hurt.shim->fault, buf_get_text(&out), buf_get_text(&err));
        return false;
}

static void look_at_ledger(Site *site) {
        if (is_whole(site))
                return;
        real_broker_do(&site->hurt.broker, NULL, "restore", site->first, "--accept-loss",
                       "a trial");
        real_broker_do(&site->hurt.broker, NULL, "verify");
}

/* ---- rotate-key ---- */

static void rotate(Site *site, Buf *err) {
        (void)run_hurt(site, (const char *[]){"rotate-key", NULL}, err);
}

/* The next command that writes goes on by what the ledger says. */
static void look_at_key(Site *site) {
        (void)is_whole(site);
        real_broker_do(&site->hurt.broker, NULL, "rotate-key");
        real_broker_do(&site->hurt.broker, NULL, "verify");
}

TEST(a_rotation_that_was_cut_off_has_happened_or_not_and_the_next_command_goes_on) {
        cleanup_site Site site;

        site_init(&site);
        run_cycles(&site, rotate, look_at_key);
}

TEST(a_restore_that_was_cut_off_leaves_the_old_the_new_or_a_refusal_until_it_is_given_again) {
        cleanup_site Site site;

        site_init(&site);
        run_cycles(&site, restore, look_at_ledger);
}
