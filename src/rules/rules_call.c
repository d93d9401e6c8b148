/* The one protected call into Lua, and what an error looks like when it comes out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tocsin/log.h"
#include "vm_int.h"

/* ---- texts --------------------------------------------------------------------------------------------- */
/* Copy text with control characters and broken UTF-8 escaped, numbers masked, clipped. */
static void clean(char *to, size_t to_n, const char *text, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)text[i];
		size_t step = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		bool is_fine = i + step <= n && c >= 0x20 && c != 0x7f && utf8_valid(text + i, step);

		if (at + (is_fine ? step : 4) >= to_n)
			break;
		if (is_fine) {
			memcpy(to + at, text + i, step);
			at += step;
			i += step;
		} else {
			at += (size_t)snprintf(to + at, 5,
				c == '\n'   ? "\\n"
				: c == '\t' ? "\\t"
					    : "\\x%02x",
				c);
			i++;
		}
	}
	to[at] = '\0';
	mask_numbers(to, at);
}

static void clean_format(char *to, size_t to_n, const char *format, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, ap);
	clean(to, to_n, text, strlen(text));
}

void fault_set(struct rules_error *f, const char *file, int line, int column, const char *format, ...)
{
	va_list ap;

	memset(f, 0, sizeof(*f));
	clean(f->file, sizeof(f->file), file, strlen(file));
	f->line = line;
	f->column = column;
	va_start(ap, format);
	clean_format(f->message, sizeof(f->message), format, ap);
	va_end(ap);
}

void fault_say(struct rules_error *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	clean_format(f->message, sizeof(f->message), format, ap);
	va_end(ap);
}

void fault_zh(struct rules_error *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	clean_format(f->message_zh, sizeof(f->message_zh), format, ap);
	va_end(ap);
}

void fault_cure(struct rules_error *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	clean_format(f->cure, sizeof(f->cure), format, ap);
	va_end(ap);
}

void fault_cure_zh(struct rules_error *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	clean_format(f->cure_zh, sizeof(f->cure_zh), format, ap);
	va_end(ap);
}

/* ":12" at p: the number, and how many bytes it took; 0 if it is none. */
static size_t colon_number(const char *p, size_t n, int *number)
{
	size_t i = 1;
	int v = 0;

	if (n < 2 || p[0] != ':')
		return 0;
	for (; i < n && p[i] >= '0' && p[i] <= '9' && v < 10000000; i++)
		v = v * 10 + (p[i] - '0');
	if (i == 1)
		return 0;
	*number = v;
	return i;
}

/* Bytes of "name.lua" or "name.csv" at the start of an error text, 0 if there is none. */
static size_t file_prefix(const char *text, size_t n)
{
	const char *colon = memchr(text, ':', n < 128 ? n : 128);
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);

	if (len < 5 || (memcmp(colon - 4, ".lua", 4) != 0 && memcmp(colon - 4, ".csv", 4) != 0))
		return 0;
	return len;
}

void fault_from_text(struct rules_error *f, const char *text, size_t n)
{
	size_t at = file_prefix(text, n);

	if (at > 0) {
		f->line = f->column = 0;
		clean(f->file, sizeof(f->file), text, at);
		at += colon_number(text + at, n - at, &f->line);
		at += colon_number(text + at, n - at, &f->column);
		while (at < n && (text[at] == ':' || text[at] == ' '))
			at++;
	}
	clean(f->message, sizeof(f->message), text + at, n - at);
	fault_raised_zh(f);
}

int fault_to_err(const struct rules_error *f, const char *reason, struct err *e)
{
	char place[160] = "";

	if (f->column > 0)
		snprintf(place, sizeof(place), "%s:%d:%d: ", f->file, f->line, f->column);
	else if (f->line > 0)
		snprintf(place, sizeof(place), "%s:%d: ", f->file, f->line);
	else if (f->file[0] != '\0')
		snprintf(place, sizeof(place), "%s: ", f->file);
	err_set(e, ERR_REJECTED, "%s%s", place, f->message);
	if (f->message_zh[0] != '\0')
		err_zh(e, "%s%s", place, f->message_zh);
	snprintf(e->reason, sizeof(e->reason), "%s", reason);
	return -1;
}

/* ---- places -------------------------------------------------------------------------------------------- */
bool vm_place(lua_State *L, int level, char *file, size_t file_n, int *line)
{
	bool is_found = false;
	lua_Debug ar;

	for (; lua_getstack(L, level, &ar) != 0; level++) {
		bool is_lib;

		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] != '@' || ar.currentline <= 0)
			continue;
		is_lib = strncmp(ar.source, "@lib/", 5) == 0;
		if (!is_found || !is_lib) {
			clean(file, file_n, ar.source + 1, strlen(ar.source + 1));
			*line = ar.currentline;
			is_found = true;
		}
		if (!is_lib)
			break;
	}
	return is_found;
}

static void take_field(lua_State *L, const char *key, char *to, size_t to_n)
{
	size_t n;
	const char *text;

	lua_pushstring(L, key);
	if (lua_rawget(L, -2) == LUA_TSTRING) {
		text = lua_tolstring(L, -1, &n);
		clean(to, to_n, text, n);
	}
	lua_pop(L, 1);
}

static int take_number(lua_State *L, const char *key)
{
	lua_Integer i = 0;

	lua_pushstring(L, key);
	if (lua_rawget(L, -2) == LUA_TNUMBER)
		i = lua_tointeger(L, -1);
	lua_pop(L, 1);
	return i > 0 && i < 10000000 ? (int)i : 0;
}

void fault_from_table(lua_State *L, struct rules_error *f)
{
	take_field(L, "file", f->file, sizeof(f->file));
	take_field(L, "message", f->message, sizeof(f->message));
	take_field(L, "message_zh", f->message_zh, sizeof(f->message_zh));
	take_field(L, "cure", f->cure, sizeof(f->cure));
	take_field(L, "cure_zh", f->cure_zh, sizeof(f->cure_zh));
	f->line = take_number(L, "line");
	f->column = take_number(L, "column");
}

/* An error inside the words is shown where the pack called them. */
static void point_at_pack(lua_State *L, struct rules_error *f)
{
	struct rules_error own = *f;
	char file[sizeof(f->file)];
	int line;

	if (f->file[0] != '\0' && strncmp(f->file, "lib/", 4) != 0)
		return;
	if (!vm_place(L, 1, file, sizeof(file), &line))
		return;
	if (f->file[0] == '\0' || strncmp(file, "lib/", 4) != 0) {
		memcpy(f->file, file, sizeof(f->file));
		f->line = line;
		f->column = 0;
	}
	if (own.file[0] != '\0' && strncmp(file, "lib/", 4) != 0)
		fault_say(f, "%.340s (in %.30s:%d)", own.message, own.file, own.line);
}

/* Runs where the error was raised, with the stack still there. Never calls a metamethod. */
static int on_error(lua_State *L)
{
	struct vm *vm = vm_of(L);
	struct rules_error *f = &vm->fault;
	const char *text;
	size_t n;

	if (vm->over != OVER_NOT)
		return 1;
	memset(f, 0, sizeof(*f));
	if (lua_type(L, 1) == LUA_TSTRING) {
		text = lua_tolstring(L, 1, &n);
		fault_from_text(f, text, n);
	} else if (lua_type(L, 1) == LUA_TTABLE && lua_checkstack(L, 4)) {
		lua_pushvalue(L, 1);
		fault_from_table(L, f);
	}
	if (f->message[0] == '\0' && lua_type(L, 1) == LUA_TSTRING)
		fault_say(f, "an error without a text");
	else if (f->message[0] == '\0')
		fault_say(f, "an error that is a %s, not a text", luaL_typename(L, 1));
	point_at_pack(L, f);
	return 1;
}

/* ---- the door ------------------------------------------------------------------------------------------ */
static const char *over_reason(enum over over)
{
	static const char *const names[] = {"raised", "steps", "wall", "memory", "memory", "text"};

	return names[over];
}

static void say_over(struct vm *vm)
{
	struct rules_error *f = &vm->fault;

	f->message[0] = f->message_zh[0] = f->cure[0] = f->cure_zh[0] = '\0';
	f->column = 0;
	switch (vm->over) {
	case OVER_STEPS:
		fault_say(f, OVER_STEPS_EN, (uintmax_t)vm->steps_max);
		fault_zh(f, OVER_STEPS_ZH, (uintmax_t)vm->steps_max);
		break;
	case OVER_WALL:
		fault_say(f, "took too long");
		fault_zh(f, "用时太长");
		break;
	case OVER_MEMORY:
		fault_say(f, "more than %zu KiB of memory", vm->bytes_max / 1024);
		fault_zh(f, "内存超过 %zu KiB", vm->bytes_max / 1024);
		break;
	case OVER_CHURN:
		fault_say(f, "asked for more than %zu KiB of memory in all", vm->churn_max / 1024);
		fault_zh(f, "累计申请内存超过 %zu KiB", vm->churn_max / 1024);
		break;
	case OVER_TEXT:
		fault_say(f, "a text of more than 256 KiB");
		fault_zh(f, "文字长度超过 256 KiB");
		break;
	case OVER_NOT:
		break;
	}
}

int vm_call(struct vm *vm, lua_CFunction fn, void *arg, struct err *e)
{
	lua_State *L = vm->L;
	int top = lua_gettop(L), status;

	memset(&vm->fault, 0, sizeof(vm->fault));
	must(top == 0);
	lua_pushcfunction(L, on_error);
	lua_pushcfunction(L, fn);
	lua_pushlightuserdata(L, arg);
	status = lua_pcall(L, 1, 0, top + 1);
	if (status == LUA_ERRMEM && vm->over == OVER_NOT)
		vm->over = vm->refused;
	lua_settop(L, top);
	if (vm->over != OVER_NOT) {
		say_over(vm);
		return fault_to_err(&vm->fault, over_reason(vm->over), e);
	}
	if (status == LUA_OK)
		return 0;
	if (vm->fault.message[0] == '\0')
		fault_say(&vm->fault, "an error inside an error");
	return fault_to_err(&vm->fault, "raised", e);
}
