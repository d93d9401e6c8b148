/* tocsin call: any method of the daemon. */
#include "cli_int.h"

static int run_call(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 8), result;
	int rc;

	if (argc < 1)
		return usage(e, "which method? `tocsin call rpc.methods` lists all");
	rc = arguments_take(c, argv[0], argc - 1, argv + 1, &args, e);
	if (rc != 0)
		return rc;
	if (cli_call(c, argv[0], &args, &result, e) != 0)
		return -1;
	json_print(stdout, &result);
	return 0;
}

const struct command commands_call[] = {
	{"call", "METHOD [key=value ... | JSON]", "Call any method and print its answer as JSON",
		"Values are typed by the daemon's own table of methods: number=13800138000 stays text where "
		"text is wanted.\n"
		"  key=value      one argument; maps and arrays as JSON text\n"
		"  key.sub=text   one text inside the map `key`\n"
		"  key:=JSON      taken as JSON whatever the table says\n"
		"  {...}          all arguments as one JSON object\n",
		run_call},
	{NULL, NULL, NULL, NULL, NULL},
};
