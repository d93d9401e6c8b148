/*
 * The fields of a ticket's row by number, as rows are stored: what names a field in a row is its number, and
 * a text that the pack chose is a number of the lexicon.
 */
#pragma once

#include "tocsin/lexicon.h"
#include "tocsin/rpc.h"
#include "tocsin/value.h"

enum field_kind {
	FIELD_PLAIN, /* MessagePack */
	FIELD_NAME,  /* a text of the lexicon */
	FIELD_KEYED, /* a map whose keys are texts of the lexicon */
	FIELD_NAMES, /* an array of texts of the lexicon */
	FIELD_SAID,  /* anything, whose texts are of the lexicon if it has them (words_say) */
	FIELD_APART  /* none of what stands as fields */
};

/*
 * FIELD(name, kind, type). The order is the format: append only. Most rows have their fields in this order. The
 * type is what ticket.find compares with, a name of enum arg_type: `due` is the next one, and what is a map or
 * a list compares with ANY.
 */
#define TICKET_FIELDS(FIELD)                                                                                 \
	FIELD(id, PLAIN, NUMBER)                                                                             \
	FIELD(no, PLAIN, TEXT)                                                                               \
	FIELD(kind, NAME, TEXT)                                                                              \
	FIELD(status, NAME, TEXT)                                                                            \
	FIELD(stage, NAME, TEXT)                                                                             \
	FIELD(version, PLAIN, NUMBER)                                                                        \
	FIELD(channel, NAME, TEXT)                                                                           \
	FIELD(number, PLAIN, TEXT)                                                                           \
	FIELD(category, NAME, TEXT)                                                                          \
	FIELD(city, NAME, TEXT)                                                                              \
	FIELD(title, PLAIN, TEXT)                                                                            \
	FIELD(text, PLAIN, TEXT)                                                                             \
	FIELD(created, PLAIN, TIME)                                                                          \
	FIELD(created_by, NAME, TEXT)                                                                        \
	FIELD(complete, PLAIN, BOOL)                                                                         \
	FIELD(missing, NAMES, ANY)                                                                           \
	FIELD(contacts, PLAIN, NUMBER)                                                                       \
	FIELD(subject, KEYED, ANY)                                                                           \
	FIELD(grade, NAME, TEXT)                                                                             \
	FIELD(priority, PLAIN, NUMBER)                                                                       \
	FIELD(queue, NAME, TEXT)                                                                             \
	FIELD(department, NAME, TEXT)                                                                        \
	FIELD(owner, NAME, TEXT)                                                                             \
	FIELD(clocks, APART, ANY)                                                                            \
	FIELD(due, KEYED, TIME)                                                                              \
	FIELD(advice, SAID, ANY)                                                                             \
	FIELD(updated, PLAIN, TIME)                                                                          \
	FIELD(fired, KEYED, ANY)                                                                             \
	FIELD(first_owner, NAME, TEXT)                                                                       \
	FIELD(caller, PLAIN, TEXT)                                                                           \
	FIELD(callback, PLAIN, TEXT)                                                                         \
	FIELD(customer, PLAIN, ANY)                                                                          \
	FIELD(form, PLAIN, TEXT)                                                                             \
	FIELD(fields, PLAIN, ANY)                                                                            \
	FIELD(occurred, PLAIN, TIME)                                                                         \
	FIELD(source_ref, PLAIN, TEXT)                                                                       \
	FIELD(outcome, PLAIN, TEXT)                                                                          \
	FIELD(timers, APART, ANY)                                                                            \
	FIELD(erased, APART, BOOL)                                                                           \
	FIELD(links, PLAIN, ANY)                                                                             \
	FIELD(contact_at, PLAIN, ANY)                                                                        \
	FIELD(last_contact, PLAIN, TIME)                                                                     \
	FIELD(urges, PLAIN, NUMBER)                                                                          \
	FIELD(been, PLAIN, ANY)                                                                              \
	FIELD(transfers, PLAIN, NUMBER)                                                                      \
	FIELD(ping_pong, PLAIN, NUMBER)                                                                      \
	FIELD(reply, PLAIN, TEXT)                                                                            \
	FIELD(resolution, PLAIN, TEXT)                                                                       \
	FIELD(cause, PLAIN, TEXT)                                                                            \
	FIELD(satisfied, PLAIN, BOOL)                                                                        \
	FIELD(closed, PLAIN, TIME)                                                                           \
	FIELD(late, PLAIN, BOOL)                                                                             \
	FIELD(reopened, PLAIN, NUMBER)                                                                       \
	FIELD(suspended, PLAIN, TEXT)                                                                        \
	FIELD(escalation, PLAIN, NUMBER)                                                                     \
	FIELD(tags, PLAIN, ANY)                                                                              \
	FIELD(parent, PLAIN, NUMBER)                                                                         \
	FIELD(merged_into, PLAIN, NUMBER)                                                                    \
	FIELD(duplicate_of, PLAIN, NUMBER)                                                                   \
	FIELD(incident, PLAIN, NUMBER)

/* Fields of few rows, which have no number, and `open`, which ticket.find makes. */
#define TICKET_FIELDS_UNNUMBERED(FIELD)                                                                      \
	FIELD(spent, PLAIN, ANY) FIELD(approval, PLAIN, ANY) FIELD(open, PLAIN, BOOL)

enum ticket_field {
	TICKET_FIELD_NONE, /* a field of another name: the name follows */
#define FIELD(name, kind, type) TICKET_FIELD_##name,
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

/* The type of a field, and of what stands inside it ("fields.amount"): ARG_ANY where none is said. */
enum arg_type ticket_field_type(const char *path);

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
