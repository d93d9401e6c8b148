/* Budgets: the counting allocator and the sticky count hook. */
#include "vm_int.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/clock.h"

const struct vm_keys vm_keys;

/* Why a block may not grow to `to` bytes; `kind` is Lua's type tag of a new object. */
static enum over refuse(const struct vm *vm, bool is_new, size_t kind, size_t grow, size_t to)
{
	if (is_new && kind == LUA_TSTRING && to > TEXT_MAX)
		return OVER_TEXT;
	if (grow > vm->bytes_max - vm->bytes)
		return OVER_MEMORY;
	return to > vm->churn_max - vm->churn ? OVER_CHURN : OVER_NOT;
}

/* Refuses only to grow; Lua may then collect and ask again, so that a refusal is not yet the end. */
static void *vm_alloc(void *udata, void *p, size_t from, size_t to)
{
	struct vm *vm = udata;
	size_t had = p == NULL ? 0 : from;

	if (to == 0) {
		vm->bytes -= had;
		return p == NULL ? NULL : pool_realloc(&vm->pool, p, from, 0);
	}
	if (to > had) {
		enum over why = refuse(vm, p == NULL, from, to - had, to);

		if (why != OVER_NOT) {
			vm->refused = why;
			if (vm->L != NULL && vm->over == OVER_NOT)
				vm_place(vm->L, 0, vm->fault.file, sizeof(vm->fault.file), &vm->fault.line);
			return NULL;
		}
		vm->churn += to;
	}
	vm->bytes += to - had;
	return pool_realloc(&vm->pool, p, had, to);
}

static void on_count(lua_State *L, lua_Debug *ar);

/* From here on every instruction raises again. */
static _Noreturn void vm_stop(lua_State *L)
{
	lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
	lua_pushnil(L);
	lua_error(L);
	never("lua_error returned");
}

static void vm_count(lua_State *L, uint64_t n)
{
	struct vm *vm = vm_of(L);

	if (vm->over == OVER_NOT) {
		vm->steps += n;
		if (vm->steps >= vm->steps_max || (vm->steps_try > 0 && vm->steps >= vm->steps_try))
			vm->over = OVER_STEPS;
		else if (vm->wall_end_us > 0 && clock_mono_us() > vm->wall_end_us)
			vm->over = OVER_WALL;
		if (vm->over != OVER_NOT) {
			memset(&vm->fault, 0, sizeof(vm->fault));
			vm_place(L, 0, vm->fault.file, sizeof(vm->fault.file), &vm->fault.line);
		}
	}
	if (vm->over != OVER_NOT)
		vm_stop(L);
}

static void on_count(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	vm_count(L, HOOK_STEPS);
}

void vm_charge(lua_State *L, size_t n)
{
	struct vm *vm = vm_of(L);

	vm->charged += n;
	if (vm->charged < HOOK_STEPS && vm->over == OVER_NOT)
		return;
	n = vm->charged;
	vm->charged = 0;
	vm_count(L, n);
}

void vm_rethrow_if_over(lua_State *L, int status)
{
	struct vm *vm = vm_of(L);

	if (status == LUA_ERRMEM && vm->over == OVER_NOT)
		vm->over = vm->refused;
	if (vm->over != OVER_NOT)
		vm_stop(L);
}

void vm_resume(lua_State *L)
{
	vm_of(L)->over = OVER_NOT;
	lua_sethook(L, on_count, LUA_MASKCOUNT, HOOK_STEPS);
}

void vm_budget(struct vm *vm, uint64_t steps, size_t churn, int64_t wall_us)
{
	vm->steps = 0;
	vm->charged = 0;
	vm->steps_max = steps;
	vm->steps_try = 0;
	vm->churn = 0;
	vm->churn_max = churn;
	vm->wall_end_us = wall_us > 0 ? clock_mono_us() + wall_us : 0;
	vm->over = OVER_NOT;
	vm->refused = OVER_NOT;
	if (lua_gethook(vm->L) == on_count)
		lua_sethook(vm->L, NULL, 0, 0);
}

void vm_arm(struct vm *vm)
{
	if (lua_gethook(vm->L) == NULL)
		lua_sethook(vm->L, on_count, LUA_MASKCOUNT, HOOK_STEPS);
}

static int on_panic(lua_State *L)
{
	(void)L;
	never("Lua raised outside vm_call");
}

int vm_init(struct vm *vm, size_t bytes_max, struct err *e)
{
	memset(vm, 0, sizeof(*vm));
	vm->bytes_max = bytes_max;
	vm->churn_max = SIZE_MAX;
	vm->L = lua_newstate(vm_alloc, vm);
	if (vm->L == NULL) {
		pool_fini(&vm->pool);
		return err_set(e, ERR_REJECTED, "a generation does not fit into %zu bytes", bytes_max);
	}
	*(struct vm **)lua_getextraspace(vm->L) = vm;
	lua_atpanic(vm->L, on_panic);
	return 0;
}

void vm_fini(struct vm *vm)
{
	if (vm->L == NULL)
		return;
	lua_sethook(vm->L, NULL, 0, 0);
	lua_close(vm->L);
	vm->L = NULL;
	must(vm->bytes == 0);
	pool_fini(&vm->pool);
}
