/*
 * S14: 28 ordinary days of 21 cities and 200 kinds of complaints under Guangdong's own watches and tables,
 * learned and judged by the code of the daemon. Once learned the province has at most one false yellow a day
 * and no orange, and an outbreak in a small city is found. The days are generated: daily
 * and hourly weather (gamma) over a Zipf of kinds, more on working days, little at night, and every tenth
 * customer brings another one within the quarter of an hour. SEED=n plays one seed (else 1), SEEDS=n the
 * first n, JUDGE_FROM=14 judges from the 15th day on (else the last three days).
 */
#define WATCH_PACK "examples/guangdong"
#include "warn_fixture.h"

#define CITIES 21
#define KINDS 200
#define LEAVES (CITIES * KINDS)
#define CLUSTERS 3
#define KEYS (LEAVES + KINDS + CITIES + CLUSTERS)
#define DAY_BINS 288
#define BEFORE 12 /* bins of the day before */
#define DAYS 28
#define A_DAY 12000.0 /* complaints of the province */
#define SMALL_CITY 17
#define RARE_KIND 120
#define OUTBREAK_BIN (15 * 12)

static const uint32_t outbreak[] = {2, 3, 5, 7, 8, 9, 8, 6, 3, 1};
#define OUTBREAK_BINS (sizeof(outbreak) / sizeof(outbreak[0]))

/* ---- numbers by chance --------------------------------------------------------------------------------- */
static uint64_t rng;

static double uniform(void)
{
	uint64_t z = rng += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

#include "chance.h"

/* ---- the province -------------------------------------------------------------------------------------- */
struct key {
	const struct watch *watch;
	struct baseline *baseline;
	struct detector detector;
	uint32_t last;                    /* newest bin with something, counted from the first day's first */
	uint32_t bins[BEFORE + DAY_BINS]; /* newest first */
	uint32_t day[DAY_BINS];
};

static struct key keys[KEYS];
static struct baseline *totals[4]; /* of the four kinds of watches */
static uint32_t judge_from = 25;
static double city_share[CITIES], kind_share[KINDS], by_bin[DAY_BINS];

static const char *const names[] = {"city and category", "category", "city", "cluster payment"};

static uint32_t watch_index(uint32_t i)
{
	return i < LEAVES ? 0 : i < LEAVES + KINDS ? 1 : i < LEAVES + KINDS + CITIES ? 2 : 3;
}

static void begin(void)
{
	double sum = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		uint32_t w = watch_index(i);

		memset(&keys[i], 0, sizeof(keys[i]));
		keys[i].watch = watch_of(names[w]);
		keys[i].baseline = watch_baseline(watches, keys[i].watch);
	}
	for (uint32_t w = 0; w < 4; w++)
		totals[w] = watch_baseline(watches, watch_of(names[w]));
	for (uint32_t c = 0; c < CITIES; c++)
		sum += city_share[c] = 1 / (double)(c + 2);
	for (uint32_t c = 0; c < CITIES; c++)
		city_share[c] /= sum;
	sum = 0;
	for (uint32_t k = 0; k < KINDS; k++)
		sum += kind_share[k] = 1 / (double)(k + 3);
	for (uint32_t k = 0; k < KINDS; k++)
		kind_share[k] /= sum;
}

static void end(void)
{
	for (uint32_t i = 0; i < KEYS; i++)
		baseline_free(keys[i].baseline);
	for (uint32_t w = 0; w < 4; w++)
		baseline_free(totals[w]);
}

/* Where in the day complaints come, with the weather of each hour, as a distribution. */
static void hours_of_day(void)
{
	double sum = 0;

	for (uint32_t b = 0; b < DAY_BINS; b++) {
		static double now;
		double hour = b / 12.0;

		if (b % 12 == 0)
			now = gamma_mean_1(30);
		sum += (hour < 7 ? 0.1 : 0.6 + 0.8 * sin((hour - 7) / 17 * 3.14159)) * now;
		by_bin[b] = sum;
	}
	for (uint32_t b = 0; b < DAY_BINS; b++)
		by_bin[b] /= sum;
}

static uint32_t bin_by_chance(void)
{
	double u = uniform();
	uint32_t low = 0, high = DAY_BINS - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (by_bin[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void count(uint32_t city, uint32_t kind, uint32_t bin, uint32_t n)
{
	keys[city * KINDS + kind].day[bin] += n;
	keys[LEAVES + kind].day[bin] += n;
	keys[LEAVES + KINDS + city].day[bin] += n;
	if (kind % 5 < CLUSTERS)
		keys[LEAVES + KINDS + CITIES + kind % 5].day[bin] += n;
}

static void generate(int32_t day)
{
	double today = gamma_mean_1(100) * (civil_weekday(day) >= 5 ? 0.6 : 1.1);

	hours_of_day();
	for (uint32_t i = 0; i < KEYS; i++)
		memset(keys[i].day, 0, sizeof(keys[i].day));
	for (uint32_t c = 0; c < CITIES; c++)
		for (uint32_t k = 0; k < KINDS; k++) {
			uint32_t n =
				poisson(A_DAY * today * city_share[c] * kind_share[k] * gamma_mean_1(20));

			for (; n > 0; n--) {
				uint32_t b = bin_by_chance();

				count(c, k, b, 1);
				if (uniform() < 0.1 && b + 3 < DAY_BINS)
					count(c, k, b + (uint32_t)(uniform() * 3), 1);
			}
		}
}

/* ---- judging ------------------------------------------------------------------------------------------- */
struct verdict {
	uint32_t yellow, higher, days, found_after; /* bins behind the first of the outbreak; 0: not found */
	uint64_t closes;
};

static bool is_of_outbreak(uint32_t i)
{
	return i == SMALL_CITY * KINDS + RARE_KIND || i == LEAVES + RARE_KIND ||
	       i == LEAVES + KINDS + SMALL_CITY ||
	       (RARE_KIND % 5 < CLUSTERS && i == LEAVES + KINDS + CITIES + RARE_KIND % 5);
}

static void judge_bin(
	struct key *k, uint32_t i, int32_t day, uint32_t bin, bool has_outbreak, struct verdict *v)
{
	struct close c = {.start_ms = civil_instant(day, 0) + bin * k->watch->bin_ms,
		.counts = &k->bins[DAY_BINS - 1 - bin],
		.baseline = k->baseline,
		.parent = totals[watch_index(i)]};
	struct detected seen;

	detect(k->watch, &k->detector, &c, &seen);
	v->closes++;
	if (has_outbreak && is_of_outbreak(i)) {
		if (seen.to > 0 && v->found_after == 0 && bin >= OUTBREAK_BIN &&
			i == SMALL_CITY * KINDS + RARE_KIND)
			v->found_after = bin - OUTBREAK_BIN + 1;
		return;
	}
	v->yellow += seen.from == 0 && seen.to > 0;
	v->higher += seen.to > 1 && seen.to > seen.from;
}

static void judge(int32_t day, uint32_t number, bool has_outbreak, struct verdict *v)
{
	for (uint32_t i = 0; i < KEYS; i++) {
		struct key *k = &keys[i];

		memmove(&k->bins[DAY_BINS], k->bins,
			BEFORE * sizeof(uint32_t)); /* the newest of the day before */
		for (uint32_t b = 0; b < DAY_BINS; b++) {
			uint32_t at = number * DAY_BINS + b + BEFORE;

			k->bins[DAY_BINS - 1 - b] = k->day[b];
			k->last = k->day[b] > 0 ? at : k->last;
			if (number < judge_from ||
				(at - k->last >= BEFORE && detector_is_idle(k->watch, &k->detector)))
				continue;
			judge_bin(k, i, day, b, has_outbreak, v);
		}
	}
	v->days += number >= judge_from;
}

static void learn(int32_t day)
{
	uint32_t sums[4][DAY_BINS] = {{0}};

	for (uint32_t i = 0; i < KEYS; i++)
		for (uint32_t b = 0; b < DAY_BINS; b++)
			sums[watch_index(i)][b] += keys[i].day[b];
	for (uint32_t w = 0; w < 4; w++)
		baseline_learn(totals[w], NULL, day, DAY_BINS, sums[w]);
	for (uint32_t i = 0; i < KEYS; i++)
		baseline_learn(keys[i].baseline, totals[watch_index(i)], day, DAY_BINS, keys[i].day);
}

static void play_seed(uint64_t seed)
{
	int32_t first = civil_day(2026, 8, 20);
	struct verdict v = {0};

	rng = seed;
	begin();
	for (uint32_t d = 0; d < DAYS; d++) {
		bool has_outbreak = d == DAYS - 1;

		generate(first + (int32_t)d);
		for (uint32_t b = 0; has_outbreak && b < OUTBREAK_BINS; b++)
			count(SMALL_CITY, RARE_KIND, OUTBREAK_BIN + b, outbreak[b]);
		judge(first + (int32_t)d, d, has_outbreak, &v);
		learn(first + (int32_t)d);
	}
	end();
	printf("SEED=%ju: %u false yellow in %u days (%d streams, %ju closes judged), %u higher; the "
	       "outbreak found %u "
	       "minutes after it began\n",
		(uintmax_t)seed, v.yellow, v.days, KEYS, (uintmax_t)v.closes, v.higher, v.found_after * 5);
	assert_true(v.yellow <= v.days);
	assert_int_equal(v.higher, 0);
	assert_in_range(v.found_after, 1, 4);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void quiet_days(void **state)
{
	uint64_t seed = number_of("SEED", 0), n = number_of("SEEDS", 1);

	(void)state;
	judge_from = (uint32_t)number_of("JUDGE_FROM", judge_from);
	for (uint64_t i = 1; i <= n; i++)
		play_seed(seed > 0 ? seed : i);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(quiet_days)};

	return cmocka_run_group_tests(tests, load_watches, free_watches);
}
