#include "desk/words.h"

struct lexicon *words_load(struct store *store, struct err *e)
{
	struct lexicon *l = lexicon_new();
	struct scan s;
	int got;

	scan_init(&s, store, NULL, TABLE_WORD, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		const uint8_t *key = s.key.p;

		if (s.key.n != 2 || lexicon_number(l, s.val) != lexicon_count(l) ||
			lexicon_count(l) != ((uint32_t)key[0] << 8 | key[1])) {
			got = err_set(e, ERR_STORAGE,
				"the words of tickets are damaged behind number %u; run tocsin fsck, restore "
				"a backup",
				lexicon_count(l));
			break;
		}
	}
	scan_fini(&s);
	lexicon_keep(l);
	if (got == 0)
		return l;
	lexicon_free(l);
	return NULL;
}

void words_say(struct work *w, const struct value *said)
{
	if (said->type == VALUE_TEXT && generation_says(packs_live(w->desk->packs), said->as.text))
		(void)lexicon_number(w->desk->lexicon, value_slice(said));
	for (uint32_t i = 0; said->type == VALUE_ARRAY && i < said->n; i++)
		words_say(w, &said->as.items[i]);
	for (uint32_t i = 0; said->type == VALUE_MAP && i < said->n; i++) {
		words_say(w, &said->as.pairs[i].key);
		words_say(w, &said->as.pairs[i].val);
	}
}

void words_stage(struct work *w)
{
	const struct lexicon *l = w->desk->lexicon;

	for (uint32_t i = lexicon_kept(l) + 1; i <= lexicon_count(l); i++) {
		uint8_t key[2] = {(uint8_t)(i >> 8), (uint8_t)i};

		tx_put(w->tx, TABLE_WORD, slice_of(key, sizeof(key)), lexicon_text(l, i));
	}
}
