/* One sorted list of all pairs. */
#include "tocsin/zh.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"
#include "zh_int.h"

#define PAIRS_MAX 600

static const struct zh_pair *sorted[PAIRS_MAX];
static size_t n_pairs;

static int by_english(const void *a, const void *b)
{
	return strcmp((*(const struct zh_pair *const *)a)->en, (*(const struct zh_pair *const *)b)->en);
}

static int cmp_english(const void *en, const void *pair)
{
	return strcmp(en, (*(const struct zh_pair *const *)pair)->en);
}

static const char *zh_of(const char *en)
{
	const struct zh_pair *const *found = bsearch(en, sorted, n_pairs, sizeof(sorted[0]), cmp_english);

	return found == NULL ? NULL : (*found)->zh;
}

void zh_speak(void)
{
	const struct zh_pair *const all[] = {zh_rpc, zh_desk, zh_model, zh_start, zh_wire, zh_words};

	n_pairs = 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct zh_pair *p = all[i]; p->en != NULL; p++) {
			must(n_pairs < PAIRS_MAX);
			sorted[n_pairs++] = p;
		}
	qsort(sorted, n_pairs, sizeof(sorted[0]), by_english);
	err_speak(zh_of);
}
