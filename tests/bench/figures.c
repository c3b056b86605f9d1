/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rounds, medians and calibrations. */

#include "tests/bench/figures.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sign.h"
#include "tests/lib/test.h"

enum {
        DISK_WRITES = 400,
        DISK_BLOCK = 4096,
        VERIFY_NS = 150 * 1000 * 1000,
        VERIFY_BATCH = 50,
        NOTE_BYTES = 160,
};

typedef enum Aim { AIM_NONE, AIM_MOST, AIM_MOST_MORE, AIM_MOST_TIMES, AIM_LEAST_TIMES } Aim;

static const char *const aim_words[] = {
        [AIM_NONE] = "none",
        [AIM_MOST] = "most",
        [AIM_MOST_MORE] = "most-more",
        [AIM_MOST_TIMES] = "most-times",
        [AIM_LEAST_TIMES] = "least-times",
};

static const struct {
        const char *id, *group, *what, *unit, *baseline;
        Aim aim;
        double limit;
} row_rows[_ROW_MAX] = {
#define ROW(ID, group, what, unit, baseline, AIM, limit)                                           \
        [ROW_##ID] = {#ID, #group, what, unit, baseline, AIM_##AIM, limit},
#include "tests/bench/rows.def"
};

typedef struct Figure {
        Samples ours, baseline;
        char note[NOTE_BYTES];
        bool is_skipped;
} Figure;

static Figure figures[_ROW_MAX];

/* ---- samples ---- */

void samples_add(Samples *samples, double value) {
        if (samples->n == samples->n_allocated) {
                samples->n_allocated = samples->n ? samples->n * 2 : 64;
                samples->values = mem_resize(samples->values, samples->n_allocated, sizeof(double));
        }
        samples->values[samples->n++] = value;
}

static int compare(const void *a, const void *b) {
        double left = *(const double *)a, right = *(const double *)b;

        return (left > right) - (left < right);
}

double samples_quantile(Samples *samples, double quantile) {
        size_t i = (size_t)((double)samples->n * quantile);

        if (samples->n == 0)
                return 0;
        qsort(samples->values, samples->n, sizeof(double), compare);
        return samples->values[i < samples->n ? i : samples->n - 1];
}

void samples_deinit(Samples *samples) {
        free(samples->values);
        *samples = (Samples){.values = NULL};
}

/* ---- the machine ---- */

bool figures_is_quick(void) {
        return getenv("COLDGATE_BENCH_QUICK") != NULL;
}

unsigned figures_size(unsigned whole, unsigned quick) {
        return figures_is_quick() ? quick : whole;
}

static double verify_for_a_while(const Key *key) {
        static const char text[500] = "as long as a small entry";
        Slice part = slice_make(text, sizeof text);
        uint64_t begin_ns = clock_mono_ns(), n = 0, took_ns = 0;
        uint8_t signature[SIGNATURE_BYTES];

        sign_parts(key, &part, 1, signature);
        while (took_ns < VERIFY_NS) {
                for (size_t i = 0; i < VERIFY_BATCH; i++)
                        CHECK(sign_verify(key->public.sign, &part, 1,
                                          slice_make(signature, sizeof signature)));
                n += VERIFY_BATCH;
                took_ns = clock_mono_ns() - begin_ns;
        }
        return (double)n * 1e9 / (double)took_ns;
}

double figures_verify_rate(unsigned n_processes) {
        double rate, whole = 0;
        int fds[2];
        Key key;

        CHECK_EQ_INT(sign_start(), 0);
        key_make(&key);
        CHECK_EQ_INT(pipe2(fds, O_CLOEXEC), 0);
        (void)fflush(NULL);
        for (unsigned i = 0; i < n_processes; i++)
                if (fork() == 0) {
                        rate = verify_for_a_while(&key);
                        _exit(write(fds[1], &rate, sizeof rate) == sizeof rate ? 0 : 1);
                }
        for (unsigned i = 0; i < n_processes; i++) {
                CHECK_EQ_INT(read(fds[0], &rate, sizeof rate), sizeof rate);
                CHECK(wait(NULL) > 0);
                whole += rate;
        }
        (void)close(fds[0]);
        (void)close(fds[1]);
        return whole;
}

static void measure_disk(const char *dir, Samples *us) {
        cleanup_free char *path = mem_printf("%s/calibration", dir);
        cleanup_free uint8_t *block = mem_alloc(DISK_BLOCK);
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        CHECK(fd >= 0);
        memset(block, 7, DISK_BLOCK);
        for (size_t i = 0; i < DISK_WRITES; i++)
                CHECK_EQ_INT(write(fd, block, DISK_BLOCK), DISK_BLOCK);
        CHECK_EQ_INT(fsync(fd), 0);
        for (size_t i = 0; i < DISK_WRITES; i++) {
                uint64_t begin_ns = clock_mono_ns();

                CHECK_EQ_INT(pwrite(fd, block, DISK_BLOCK, (off_t)(i * DISK_BLOCK)), DISK_BLOCK);
                CHECK_EQ_INT(fdatasync(fd), 0);
                samples_add(us, (double)(clock_mono_ns() - begin_ns) / 1e3);
        }
        (void)close(fd);
        (void)unlink(path);
}

static void calibrate(const char *when) {
        unsigned n_cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
        cleanup_samples Samples us = {.values = NULL};
        double one = figures_verify_rate(1);
        double all = figures_verify_rate(n_cores);

        measure_disk(test_dir(), &us);
        printf("# bench {\"calibration\":\"%s\",\"disk_p50_us\":%.1f,\"disk_p99_us\":%.1f,"
               "\"verify_one\":%.0f,\"verify_all\":%.0f,\"cores\":%u}\n",
               when, samples_quantile(&us, 0.5), samples_quantile(&us, 0.99), one, all, n_cores);
        (void)fflush(stdout);
}

/* The line of /proc/diskstats of a device, or of the disk that the partition is on. */
static uint64_t read_flushes(unsigned major, unsigned minor) {
        FILE *file = fopen("/proc/diskstats", "r");
        uint64_t flushes = UINT64_MAX;
        char line[512];

        while (file && fgets(line, sizeof line, file)) {
                unsigned line_major, line_minor;
                unsigned long long value;

                if (sscanf(line,
                           "%u %u %*s %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u "
                           "%*u %*u %llu",
                           &line_major, &line_minor, &value) == 3 &&
                    line_major == major && line_minor == minor)
                        flushes = value;
        }
        if (file)
                (void)fclose(file);
        return flushes;
}

uint64_t figures_flushes(const char *dir) {
        cleanup_free char *path = NULL;
        unsigned major_number, minor_number;
        struct stat facts;
        FILE *file;

        CHECK_EQ_INT(stat(dir, &facts), 0);
        major_number = major(facts.st_dev);
        minor_number = minor(facts.st_dev);
        path = mem_printf("/sys/dev/block/%u:%u/../dev", major_number, minor_number);
        file = fopen(path, "r"); /* only a partition has it: flushes are counted for whole disks */
        if (file) {
                if (fscanf(file, "%u:%u", &major_number, &minor_number) != 2)
                        major_number = minor_number = 0;
                (void)fclose(file);
        }
        return read_flushes(major_number, minor_number);
}

double figures_resident(int pid) {
        cleanup_free char *path = mem_printf("/proc/%d/status", pid);
        FILE *status = fopen(path, "r");
        double kib = 0;
        char line[256];

        CHECK(status != NULL);
        while (fgets(line, sizeof line, status))
                if (strncmp(line, "VmRSS:", 6) == 0)
                        kib = strtod(line + 6, NULL);
        (void)fclose(status);
        return kib / 1024;
}

double figures_cpu_s(int pid) {
        cleanup_free char *path = mem_printf("/proc/%d/stat", pid);
        unsigned long long user = 0, system = 0;
        FILE *stat = fopen(path, "r");

        CHECK(stat != NULL);
        CHECK_EQ_INT(fscanf(stat,
                            "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
                            &user, &system),
                     2);
        (void)fclose(stat);
        return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- rows ---- */

void figures_begin(unsigned limit_s) {
        (void)alarm(limit_s); /* longer than a test may take */
        calibrate("before");
}

void figures_add(FigureRow row, double ours, double baseline) {
        samples_add(&figures[row].ours, ours);
        samples_add(&figures[row].baseline, baseline);
}

void figures_skip(FigureRow row, const char *why) {
        figures[row].is_skipped = true;
        figures_note(row, "%s", why);
}

void figures_note(FigureRow row, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(figures[row].note, NOTE_BYTES, format, args);
        va_end(args);
}

static bool is_reached(FigureRow row, double ours, double baseline) {
        double limit = row_rows[row].limit;

        switch (row_rows[row].aim) {
        case AIM_MOST: return ours <= limit;
        case AIM_MOST_MORE: return ours - baseline <= limit;
        case AIM_MOST_TIMES: return ours <= limit * baseline;
        case AIM_LEAST_TIMES: return ours >= limit * baseline;
        case AIM_NONE: return true;
        }
        return false;
}

static void print_row(FigureRow row) {
        Figure *figure = &figures[row];
        double ours = samples_quantile(&figure->ours, 0.5);
        double baseline = samples_quantile(&figure->baseline, 0.5);

        printf("# bench {\"row\":\"%s\",\"group\":\"%s\",\"what\":\"%s\",\"unit\":\"%s\","
               "\"baseline_what\":\"%s\",\"aim\":\"%s\",\"limit\":%g,\"rounds\":%zu,"
               "\"ours\":%.3f,\"baseline\":%.3f,\"reached\":%s,\"skipped\":%s,\"note\":\"%s\"}\n",
               row_rows[row].id, row_rows[row].group, row_rows[row].what, row_rows[row].unit,
               row_rows[row].baseline, aim_words[row_rows[row].aim], row_rows[row].limit,
               figure->ours.n, ours, baseline, is_reached(row, ours, baseline) ? "true" : "false",
               figure->is_skipped ? "true" : "false", figure->note);
}

void figures_end(void) {
        calibrate("after");
        for (size_t i = 0; i < _ROW_MAX; i++)
                if (figures[i].ours.n || figures[i].is_skipped)
                        print_row((FigureRow)i);
        (void)fflush(stdout);
}
