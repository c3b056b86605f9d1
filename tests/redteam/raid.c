/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Pairs are played one by one; the table is shared by the processes of all tests. */

#include "tests/redteam/raid.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/mem.h"
#include "tests/lib/test.h"

enum { FAMILIES_MAX = 32 };

typedef struct Table {
        Tally rows[FAMILIES_MAX];
        size_t n;
} Table;

static Table *table;

/* Before main, so that every test's process has the same one. */
__attribute__((constructor)) static void share_table(void) {
        table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0);
}

static bool is_pass(const Came *came) {
        return strcmp(came->end.decision, "PASS") == 0;
}

/* Whether one of the words, with | between them, is this one, or how it begins. */
static bool has_word(const char *words, const char *actual, bool is_whole) {
        while (*words) {
                size_t n = strcspn(words, "|");

                if (n && strncmp(words, actual, n) == 0 && (!is_whole || !actual[n]))
                        return true;
                words += n + (words[n] == '|');
        }
        return false;
}

static bool is_expected(const PairEnd *end, const PairEnd *expected) {
        return has_word(expected->decision, end->decision, true) &&
               has_word(expected->reason, end->reason, false);
}

static void tell(const char *what, const Pair *pair, const Came *came) {
        printf("# %s: %s (%s)\n#     %s %s %s: %s\n", what, pair->name, pair->about,
               came->end.decision, came->end.check, came->end.reason, came->said);
}

static void count(const Pair *pair, const Came came[_PART_MAX], Tally *tally) {
        const Came *cheat = &came[PART_CHEAT], *honest = &came[PART_HONEST];

        tally->n_pairs++;
        if (is_pass(cheat)) {
                tally->n_missed++;
                tell("missed", pair, cheat);
        } else if (is_expected(&cheat->end, &pair->expected)) {
                tally->n_caught++;
        } else {
                tally->n_elsewhere++;
                tell("caught elsewhere", pair, cheat);
                printf("#     expected %s %s %s\n", pair->expected.decision, pair->expected.check,
                       pair->expected.reason);
        }
        if (!is_pass(honest)) {
                tally->n_false_red++;
                tell("false red", pair, honest);
        }
}

void raid_play(const char *dir, const char *family, Tally *ret_tally) {
        cleanup_free char *path = mem_printf("tests/redteam/%s/%s.pair", dir, family);
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(stage_close) Stage stage;
        size_t n;
        Pair *pairs = pair_read_all(test_source(path), &arena, &n);

        *ret_tally = (Tally){.n_pairs = 0};
        (void)snprintf(ret_tally->family, sizeof ret_tally->family, "%s", family);
        log_set_program("redteam");
        stage_open(&stage);
        for (size_t i = 0; i < n; i++) {
                Came came[_PART_MAX] = {{.said = NULL}};

                log_write(LOG_DEBUG, "%s", pairs[i].name);
                stage_play(&stage, &pairs[i], came);
                count(&pairs[i], came, ret_tally);
        }
}

void raid_count(const Tally *tally) {
        if (table->n == FAMILIES_MAX)
                FAIL_TEST("there are more than %d families", FAMILIES_MAX);
        table->rows[table->n++] = *tally;
        CHECK_EQ_U64(tally->n_caught, tally->n_pairs);
        CHECK_EQ_U64(tally->n_false_red, 0);
        CHECK(tally->n_pairs > 0);
}

void raid_family(const char *family) {
        Tally tally;

        raid_play("pairs", family, &tally);
        raid_count(&tally);
}

static void print_row(const Tally *row) {
        printf("# %-28s caught %2u, missed %u, false red %u, elsewhere %u\n", row->family,
               row->n_caught, row->n_missed, row->n_false_red, row->n_elsewhere);
}

void raid_print_table(Tally *ret_sum) {
        Tally sum = {.n_pairs = 0};

        (void)snprintf(sum.family, sizeof sum.family, "all, %s",
                       stage_is_unprivileged ? "unprivileged" : "root");
        for (size_t i = 0; i < table->n; i++) {
                const Tally *row = &table->rows[i];

                print_row(row);
                sum.n_pairs += row->n_pairs;
                sum.n_caught += row->n_caught;
                sum.n_missed += row->n_missed;
                sum.n_elsewhere += row->n_elsewhere;
                sum.n_false_red += row->n_false_red;
        }
        print_row(&sum);
        *ret_sum = sum;
}

bool raid_has_played(const char *family) {
        for (size_t i = 0; i < table->n; i++)
                if (strcmp(table->rows[i].family, family) == 0)
                        return true;
        return false;
}
