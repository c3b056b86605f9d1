/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * This release against the last one: in turn, on the same words, in one run, so that both meet the
 * same machine; by the processor's time, so that neighbours do not count; medians. Prints figures
 * as JSON, and judges nothing.
 */

#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_SAMPLES = 101, N_WORDS = 1500, N_DISTINCT = 1000 };

typedef size_t Count(const Word *words, size_t n);

static double measure(Count *count, const Word *words, size_t *ret_n)
{
	struct timespec start, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	*ret_n = count(words, N_WORDS);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *samples)
{
	qsort(samples, N_SAMPLES, sizeof *samples, compare);
	return samples[N_SAMPLES / 2];
}

int main(void)
{
	static Word words[WORDS_MAX];
	static double now[N_SAMPLES], before[N_SAMPLES];
	size_t n_now = 0, n_before = 0;

	for (size_t i = 0; i < N_WORDS; i++)
		snprintf(words[i], WORD_BYTES, "word%zu", i * 7919 % N_DISTINCT);
	for (int i = 0; i < N_SAMPLES; i++) {
		now[i] = measure(words_count, words, &n_now);
		before[i] = measure(baseline_count, words, &n_before);
	}
	printf("{\"samples\": %d, \"same_result\": %s, \"distinct\": %zu, \"ratio\": %.3f}\n",
	       N_SAMPLES, n_now == n_before ? "true" : "false", n_now,
	       median(now) / median(before));
	return 0;
}
