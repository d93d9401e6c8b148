/*
 * The fields of a ticket's row by number, as rows are stored: what names a field in a row is its number, and
 * a text that the pack chose is a number of the lexicon.
 */
#pragma once

#include "tocsin/lexicon.h"
#include "tocsin/value.h"

enum field_kind {
	FIELD_PLAIN, /* MessagePack */
	FIELD_NAME,  /* a text of the lexicon */
	FIELD_KEYED, /* a map whose keys are texts of the lexicon */
	FIELD_NAMES, /* an array of texts of the lexicon */
	FIELD_SAID,  /* anything, whose texts are of the lexicon if it has them (words_say) */
	FIELD_APART  /* none of what stands as fields */
};

/* FIELD(name, kind). The order is the format: append only. Most rows have their fields in this order. */
#define TICKET_FIELDS(FIELD)                                                                                 \
	FIELD(id, PLAIN)                                                                                     \
	FIELD(no, PLAIN)                                                                                     \
	FIELD(kind, NAME)                                                                                    \
	FIELD(status, NAME)                                                                                  \
	FIELD(stage, NAME)                                                                                   \
	FIELD(version, PLAIN)                                                                                \
	FIELD(channel, NAME)                                                                                 \
	FIELD(number, PLAIN)                                                                                 \
	FIELD(category, NAME)                                                                                \
	FIELD(city, NAME)                                                                                    \
	FIELD(title, PLAIN)                                                                                  \
	FIELD(text, PLAIN)                                                                                   \
	FIELD(created, PLAIN)                                                                                \
	FIELD(created_by, NAME)                                                                              \
	FIELD(complete, PLAIN)                                                                               \
	FIELD(missing, NAMES)                                                                                \
	FIELD(contacts, PLAIN)                                                                               \
	FIELD(subject, KEYED)                                                                                \
	FIELD(grade, NAME)                                                                                   \
	FIELD(priority, PLAIN)                                                                               \
	FIELD(queue, NAME)                                                                                   \
	FIELD(department, NAME)                                                                              \
	FIELD(owner, NAME)                                                                                   \
	FIELD(clocks, APART)                                                                                 \
	FIELD(due, KEYED)                                                                                    \
	FIELD(advice, SAID)                                                                                  \
	FIELD(updated, PLAIN)                                                                                \
	FIELD(fired, KEYED)                                                                                  \
	FIELD(first_owner, NAME)                                                                             \
	FIELD(caller, PLAIN)                                                                                 \
	FIELD(callback, PLAIN)                                                                               \
	FIELD(customer, PLAIN)                                                                               \
	FIELD(form, PLAIN)                                                                                   \
	FIELD(fields, PLAIN)                                                                                 \
	FIELD(occurred, PLAIN)                                                                               \
	FIELD(source_ref, PLAIN)                                                                             \
	FIELD(outcome, PLAIN)                                                                                \
	FIELD(timers, APART)                                                                                 \
	FIELD(erased, APART)                                                                                 \
	FIELD(links, PLAIN)                                                                                  \
	FIELD(contact_at, PLAIN)                                                                             \
	FIELD(last_contact, PLAIN)                                                                           \
	FIELD(urges, PLAIN)                                                                                  \
	FIELD(been, PLAIN)                                                                                   \
	FIELD(transfers, PLAIN)                                                                              \
	FIELD(ping_pong, PLAIN)                                                                              \
	FIELD(reply, PLAIN)                                                                                  \
	FIELD(resolution, PLAIN)                                                                             \
	FIELD(cause, PLAIN)                                                                                  \
	FIELD(satisfied, PLAIN)                                                                              \
	FIELD(closed, PLAIN)                                                                                 \
	FIELD(late, PLAIN)                                                                                   \
	FIELD(reopened, PLAIN)                                                                               \
	FIELD(suspended, PLAIN)                                                                              \
	FIELD(escalation, PLAIN)                                                                             \
	FIELD(tags, PLAIN)                                                                                   \
	FIELD(parent, PLAIN)                                                                                 \
	FIELD(merged_into, PLAIN)                                                                            \
	FIELD(duplicate_of, PLAIN)                                                                           \
	FIELD(incident, PLAIN)

enum ticket_field {
	TICKET_FIELD_NONE, /* a field of another name: the name follows */
#define FIELD(name, kind) TICKET_FIELD_##name,
	TICKET_FIELDS(FIELD)
#undef FIELD
		N_TICKET_FIELDS
};

#define FIELD_NAME_ROOM 16

/* The first FIELD_NAME_ROOM bytes are, at their beginning, the name in MessagePack. */
struct field_name {
	uint8_t head;
	char name[FIELD_NAME_ROOM - 1];
	uint8_t n;    /* bytes of the name alone */
	uint8_t kind; /* enum field_kind */
};
extern const struct field_name ticket_field_names[N_TICKET_FIELDS];

/* The number of a name, looked for from `from` on, which may be any number; 0: none. */
unsigned ticket_field_number(struct slice name, unsigned from);
static inline struct slice ticket_field_name(unsigned number)
{
	return slice_of(ticket_field_names[number].name, ticket_field_names[number].n);
}

/* ---- values as they are stored: MessagePack, and TEXT_REF be16 for a text of the lexicon --------------- */
#define TEXT_REF 0xc1 /* MessagePack never uses it */

/* Of a field of that kind. */
void stored_put(struct buf *, struct lexicon *, unsigned kind, const struct value *);
/* Bytes of the value that begins here; 0: damaged. */
size_t stored_length(struct slice);
/* The same by its first byte, which says it of numbers, short texts and references; 0: look closer. */
extern const uint8_t stored_lengths[256];
/* As plain MessagePack. A reference that the lexicon does not have becomes nil. */
void stored_copy(struct buf *, const struct lexicon *, struct slice stored);
/* As a value, which borrows from both. 0, or -1: damaged. */
int stored_value(struct arena *, const struct lexicon *, struct slice stored, struct value *) MUST_CHECK;
