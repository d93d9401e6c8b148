/* tocsin(1) from the tables that --help prints. */
#include "cli_int.h"
#include "tocsin/roff.h"

void man_commands(FILE *f)
{
	const struct command *all[N_COMMANDS_MAX];
	uint32_t n = commands_all(all);

	fputs(".SH OPTIONS\n", f);
	for (const struct global_option *o = global_options; o->name != NULL; o++)
		roff_item(f, o->name, o->value, o->help);
	fputs(".SH COMMANDS\n", f);
	for (uint32_t i = 0; i < n; i++) {
		roff_item(f, all[i]->name, all[i]->args, all[i]->help);
		if (all[i]->more == NULL)
			continue;
		fputs(".IP\n.nf\n", f);
		roff_text(f, all[i]->more);
		fputs(".fi\n", f);
	}
}
