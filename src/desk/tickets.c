/* The table of methods that change tickets. */
#include "desk_int.h"

static int on_create(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, ticket_create, result, e);
}

static int on_act(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, ticket_act, result, e);
}

static int on_contact(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, contact_add, result, e);
}

static int on_import(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, ticket_import, result, e);
}

static const struct rpc_arg subject_members[] = {
	{.name = "type",
		.type = ARG_TEXT,
		.is_required = true,
		.help = "mobile, or what else the pack knows"},
	{.name = "id", .type = ARG_TEXT, .is_required = true, .help = "the number, or its like"},
};
static const struct rpc_arg customer_members[] = {
	{.name = "name", .type = ARG_TEXT, .help = "the customer's"},
	{.name = "brand", .type = ARG_TEXT, .help = "brand"},
	{.name = "star", .type = ARG_INT, .min = 0, .max = STAR_MAX, .help = "stars"},
	{.name = "group", .type = ARG_TEXT, .help = "the company it belongs to"},
	{.name = "vip", .type = ARG_BOOL, .help = "a very important customer"},
	{.name = "age65", .type = ARG_BOOL, .help = "65 or older"},
};

#define CREATE_ARGS                                                                                          \
	{.name = "kind", .type = ARG_TEXT, .of = "kinds", .help = "complaint unless said"},                  \
		{.name = "channel",                                                                          \
			.type = ARG_TEXT,                                                                    \
			.is_required = true,                                                                 \
			.of = "channels",                                                                    \
			.help = "where it came in"},                                                         \
		{.name = "number", .type = ARG_TEXT, .help = "subject of type mobile"},                      \
		{.name = "subject",                                                                          \
			.type = ARG_MAP,                                                                     \
			RPC_MEMBERS(subject_members),                                                        \
			.help = "{type, id}: what it is about"},                                             \
		{.name = "caller", .type = ARG_TEXT, .help = "who called, if not the subject"},              \
		{.name = "callback", .type = ARG_TEXT, .help = "where to call back"},                        \
		{.name = "customer",                                                                         \
			.type = ARG_MAP,                                                                     \
			RPC_MEMBERS(customer_members),                                                       \
			.help = "{name, brand, star, group, vip, age65}"},                                   \
		{.name = "category",                                                                         \
			.type = ARG_TEXT,                                                                    \
			.of = "categories",                                                                  \
			.help = "code of the catalog; else found by the pack"},                              \
		{.name = "city",                                                                             \
			.type = ARG_TEXT,                                                                    \
			.of = "cities",                                                                      \
			.help = "city of the catalog; else found by the pack"},                              \
		{.name = "title", .type = ARG_TEXT, .help = "one line"},                                     \
		{.name = "text", .type = ARG_TEXT, .is_required = true, .help = "what the customer says"},   \
		{.name = "priority", .type = ARG_INT, .min = 1, .max = 10, .help = "1 (highest) to 10"},     \
		{.name = "form",                                                                             \
			.type = ARG_TEXT,                                                                    \
			.of = "forms",                                                                       \
			.help = "appeal, transfer, petition or report"},                                     \
		{.name = "fields", .type = ARG_MAP, .help = "what the category asks for"},                   \
		{.name = "occurred", .type = ARG_TIME, .help = "when it happened; else now"},                \
	{                                                                                                    \
		.name = "source_ref", .type = ARG_TEXT,                                                      \
		.help = "the channel's own id: once per channel, for ever"                                   \
	}

static const struct rpc_arg create_args[] = {CREATE_ARGS};
static const struct rpc_arg import_args[] = {
	CREATE_ARGS,
	{.name = "created", .type = ARG_TIME, .is_required = true, .help = "when it was taken in"},
	{.name = "due", .type = ARG_TIME, .help = "when it had to be resolved"},
	{.name = "closed", .type = ARG_TIME, .help = "when it was closed; absent: still open"},
	{.name = "outcome", .type = ARG_TEXT, .help = "how it ended"},
};
static const struct rpc_arg act_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket"},
	{.name = "action",
		.type = ARG_TEXT,
		.is_required = true,
		.of = "kinds.KIND.actions",
		.help = "an action of the ticket's kind (catalog.get)"},
	{.name = "data", .type = ARG_MAP, .help = "what the action asks for"},
	{.name = "version",
		.type = ARG_INT,
		.min = 1,
		.max = ID_MAX,
		.help = "refuse unless the ticket is at this version"},
	{.name = "note", .type = ARG_TEXT, .help = "for the history"},
};
static const char *const contact_kinds[] = {"urge", "ask", "same_fault", "add_info", "withdraw", NULL};
static const struct rpc_arg contact_args[] = {
	{.name = "ticket", .type = ARG_ID, .help = "the ticket it belongs to"},
	{.name = "incident", .type = ARG_ID, .help = "or the incident; not both"},
	{.name = "number",
		.type = ARG_TEXT,
		.help = "who comes again; without ticket and incident the newest open ticket of this number"},
	{.name = "channel",
		.type = ARG_TEXT,
		.is_required = true,
		.of = "channels",
		.help = "where it came in"},
	{.name = "kind",
		.type = ARG_ENUM,
		.is_required = true,
		.words = contact_kinds,
		.help = "why the customer comes again"},
	{.name = "text", .type = ARG_TEXT, .help = "what the customer says"},
};

#define DESK_ROLES (ROLE_INTAKE | ROLE_AGENT | ROLE_SUPERVISOR | ROLE_LEADER | ROLE_ADAPTER | ROLE_ADMIN)

static const struct rpc_method methods[] = {
	{.name = "ticket.create",
		.handler = on_create,
		RPC_ARGS(create_args),
		.roles = DESK_ROLES,
		.flags = RPC_CHANGES,
		.help = "Take a complaint (or a ticket of another kind) in; it is never lost to a form.",
		.returns = "{id, no, status, stage, version, complete, missing, category, city, grade, "
			   "queue, department, owner, due, "
			   "duplicate_of?, incident?, advice, generation}"},
	{.name = "ticket.act",
		.handler = on_act,
		RPC_ARGS(act_args),
		.roles = DESK_ROLES & ~(uint32_t)ROLE_INTAKE,
		.flags = RPC_CHANGES,
		.help = "Do one of the actions of a ticket's kind; the pack decides.",
		.returns = "the ticket; grants={NAME={ticket_left?, day_left?}} when it gave money"},
	{.name = "contact.add",
		.handler = on_contact,
		RPC_ARGS(contact_args),
		.roles = DESK_ROLES,
		.flags = RPC_CHANGES,
		.help = "The customer comes again: counted on the ticket, never a second order.",
		.returns = "{id, ticket?, incident?, contacts, script?={version, zh, en, eta?, …}}"},
	{.name = "ticket.import",
		.handler = on_import,
		RPC_ARGS(import_args),
		.roles = ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "A ticket that happened elsewhere: decided by the pack, no timers, nobody told.",
		.returns = "{id, no, category?, status}"},
};

void tickets_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
