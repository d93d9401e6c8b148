/*
 * What the command line says in Chinese, found by what it says in English: messages here, help in
 * texts_help.c. A pair has the same conversions in the same order (tests/cli/lang_test.py looks, and that
 * none is missing).
 */
#include <string.h>

#include "cli_int.h"

static const struct text_pair {
	const char *en, *zh;
} messages[] = {
	/* words of the command line */
	{"%s needs a value", "%s 需要一个值"},
	{"%s takes no value", "%s 不带值"},
	{"%s must be an integer from %jd to %jd, not \"%.60s\"", "%s 应为 %jd 到 %jd 的整数，而不是“%.60s”"},
	{"unknown option \"%.60s\"", "没有选项“%.60s”"},
	{" (did you mean \"%s\"?)", "（是不是“%s”？）"},
	{"there is no command \"%.60s\"%s", "没有命令“%.60s”%s"},
	{"; tocsin --help lists all", "；tocsin --help 列出全部命令"},
	{"--lang must be zh or en, not \"%.40s\"", "--lang 应为 zh 或 en，而不是“%.40s”"},
	{"token file %s cannot be read or is empty", "令牌文件 %s 无法读取或为空"},
	{"tocsin: times are shown in this machine's zone: %s\n", "tocsin：时间按本机时区显示：%s\n"},
	{" (argument %s = %s)", "（参数 %s = %s）"},
	{" (argument %s)", "（参数 %s）"},
	{"one ID is needed", "需要一个 ID"},
	{"one DIR is needed, which must not exist", "需要一个尚不存在的目录 DIR"},
	{"one DIR is needed: a data directory or a backup", "需要一个 DIR：数据目录或备份"},
	{"one URL is needed", "需要一个 URL"},
	{"one FILE and --map MAPPING are needed", "需要一个 FILE 和 --map MAPPING"},
	{"one FILE and --time COLUMN are needed", "需要一个 FILE 和 --time COLUMN"},
	{"one DIR and --map MAPPING are needed", "需要一个 DIR 和 --map MAPPING"},
	{"BACKUP and DIR are needed", "需要 BACKUP 和 DIR"},
	{"ID and ACTION are needed; `tocsin call catalog.get` lists the actions of each kind",
		"需要 ID 和 ACTION；`tocsin call catalog.get` 列出各类工单的操作"},
	{"expected add NAME ROLE", "应为 add NAME ROLE"},
	{"expected key=value, not \"%.60s\"", "应为 key=value，而不是“%.60s”"},
	{"expected field=value (or >=, <=, >, <), not \"%.60s\"",
		"应为 field=value（或 >=、<=、>、<），而不是“%.60s”"},
	{"no JSON", "不是 JSON"},
	{"an integer", "整数"},
	{"a number", "数"},
	{"true or false", "true 或 false"},
	{"%s must be %s, not \"%.60s\"", "%s 应为 %s，而不是“%.60s”"},
	{"%s is no map, so \"%s\" cannot be set in it", "%s 不是映射，不能在其中设置“%s”"},
	{"stats takes no arguments", "stats 不带参数"},
	{"status takes no arguments", "status 不带参数"},
	{"now takes options only, not \"%.60s\"", "now 只带选项，不带“%.60s”"},
	{"top takes options only, not \"%.60s\"", "top 只带选项，不带“%.60s”"},
	{"--every must be a duration from 100ms to 1h, not \"%.60s\"",
		"--every 应为 100ms 到 1h 的时长，而不是“%.60s”"},
	{"a screen that is refreshed needs a terminal", "自动刷新的界面需要终端"},
	{"which method? `tocsin call rpc.methods` lists all",
		"调用哪个方法？`tocsin call rpc.methods` 列出全部"},
	{"which topics? warning, incident, ticket.QUEUE, frontdesk.CITY, rules, duty ... or '#' for all",
		"订阅哪些主题？warning、incident、ticket.QUEUE、frontdesk.CITY、rules、duty …，'#' 为全部"},
	{"tocsin: %s; connecting again\n", "tocsin：%s；正在重新连接\n"},
	{"ACTION, KEY and REASON are needed, such as: ack shenzhen/recharge.not_credited 'billing is called'",
		"需要 ACTION、KEY 和 REASON，例如：ack shenzhen/recharge.not_credited '已通知计费'"},
	{"one ID is needed; `tocsin now` shows which reports are due",
		"需要一个 ID；`tocsin now` 显示哪些报告到期"},
	{"--level and --until belong to an ACTION on a KEY",
		"--level 和 --until 要与对某个 KEY 的 ACTION 一起用"},
	{"start NAME, start --incident ID, report ID or stop ID REASON is needed; `tocsin call catalog.get` "
	 "has the pack's drills",
		"需要 start NAME、start --incident ID、report ID 或 stop ID REASON；`tocsin call "
		"catalog.get` 有规则包的演练"},
	{"what is the complaint? At least channel=... and text=...",
		"投诉的内容是什么？至少要有 channel=... 和 text=..."},
	{"there are more; --limit N shows them\n", "还有更多；用 --limit N 显示\n"},
	{"--format must be ndjson or csv, not \"%.40s\"", "--format 应为 ndjson 或 csv，而不是“%.40s”"},
	{"the output cannot be written", "无法写出结果"},
	{"the daemon's cursor has %u bytes", "守护进程给出的游标有 %u 字节"},
	{"%s cannot be written", "%s 无法写入"},
	{"%s cannot be written: %s", "%s 无法写入：%s"},
	/* explain */
	{"%s holds, and stands before it", "%s 成立，并且在它前面"},
	{"%s is unknown, not %s", "%s 未知，要求 %s"},
	{"%s is %s, not %s", "%s 是 %s，要求 %s"},
	{"  a rule failed: %s\n", "  有一条规则出错：%s\n"},
	{"ticket %s, entry %s of %s, rules of generation %s (* fired)\n",
		"工单 %s，记录 %s，%s，第 %s 代规则（* 为已触发）\n"},
	/* rules */
	{"what about the rules? status, check, try, diff, reload or rollback",
		"要对规则做什么？status、check、try、diff、reload 或 rollback"},
	{"rules has no \"%.40s\"; it has status, check, try, diff, reload, rollback",
		"rules 没有“%.40s”；有 status、check、try、diff、reload、rollback"},
	{"reload takes no arguments: it loads the folder that the daemon was started with (--rules)",
		"reload 不带参数：它加载守护进程启动时指定的目录（--rules）"},
	{"rollback needs the number of one generation; `tocsin rules status` shows the previous one",
		"rollback 需要一个代号；`tocsin rules status` 显示上一代"},
	{"check takes one DIR, not %d", "check 只带一个 DIR，而不是 %d 个"},
	{"%s needs DIR: the daemon runs all specs, in its own zone",
		"%s 需要 DIR：守护进程按自己的时区运行全部用例"},
	{"diff needs the DIR of one pack to compare with", "diff 需要一个规则包的 DIR 来比较"},
	{"--zone needs --rules: the daemon has its own zone", "--zone 需要 --rules：守护进程有自己的时区"},
	{"the folder of the words (lua/lib beside this program, or share/tocsin/lua/lib) is missing; is "
	 "tocsin installed completely?",
		"找不到规则用语的目录（程序旁的 lua/lib 或 share/tocsin/lua/lib）；tocsin 是否安装完整？"},
	{"the folder of the words is missing; is tocsin installed completely?",
		"找不到规则用语的目录；tocsin 是否安装完整？"},
	{"the pack in %s is bad: %u error%s, listed above", "%s 中的规则包有错：%u 处%.0s，见上"},
	/* operators */
	{"\"%.40s\" is no role; roles are:%s", "“%.40s”不是角色；角色有：%s"},
	{"the name must be 1 to %d bytes without blanks, not \"%.80s\"",
		"名称应为 1 到 %d 字节且不含空白，而不是“%.80s”"},
	{"%s was verified and is restored as %s; outbound work starts paused there\n",
		"%s 已校验，并恢复为 %s；对外任务在那里先处于暂停\n"},
	{"%s: %d finding%s\n", "%s：%d 处问题%.0s\n"},
	{"token of %s (%s): shown this once; its digest is in %s. The daemon reads it on SIGHUP or "
	 "restart.\n",
		"%s（%s）的令牌：只显示这一次；摘要在 %s。守护进程在 SIGHUP 或重启时读取。\n"},
	{"%s belongs to user %ju: restore as that user", "%s 属于用户 %ju：请以该用户恢复"},
	{"%s belongs to %s: restore as that user (runuser -u %s -- tocsin restore …), or the daemon cannot "
	 "open it",
		"%s 属于 %s：请以该用户恢复（runuser -u %s -- tocsin restore …），否则守护进程打不开"},
	{"%s: there is no such data directory; name it with --data, or make it first",
		"%s：没有这个数据目录；请用 --data 写明，或先创建"},
	/* drop, hook */
	{"%s is being worked by another tocsin drop", "%s 正由另一个 tocsin drop 处理"},
	{"secret file %s cannot be read or is empty", "密钥文件 %s 无法读取或为空"},
	{"%s is not http://HOST[:PORT][/PATH]", "%s 不是 http://HOST[:PORT][/PATH]"},
	{"%s: only this machine is posted to without TLS; put a proxy between",
		"%s：没有 TLS 时只向本机发送；请在中间放一个代理"},
	{"cannot read", "无法读取"},
	{"cannot open", "无法打开"},
	{"cannot sync", "无法落盘"},
	{"cannot write", "无法写入"},
	{"cannot rename", "无法改名"},
	{"failed: %s", "失败：%s"},
	{"%ju rows: %ju imported, %ju known, %ju rejected", "%ju 行：%ju 已导入，%ju 已知，%ju 未接受"},
	{"waits: %s", "等待：%s"},
	{"waits: it grew while it was imported", "等待：导入期间文件又变大了"},
	{"task %s: %d %s\n", "任务 %s：%d %s\n"},
	{"ok", "成功"},
	{"no answer in time", "没有及时回答"},
	{"no connection, or it broke", "没有连上，或连接断了"},
	/* import: mapping */
	{"%s is a map; write %s.NAME", "%s 是映射；请写 %s.NAME"},
	{"%.*s has no parts", "%.*s 没有下级"},
	{"a ticket has no field \"%.60s\"", "工单没有字段“%.60s”"},
	{"more than 64 fields", "字段超过 64 个"},
	{"method must be ticket.import or ticket.create, not \"%.40s\"",
		"method 应为 ticket.import 或 ticket.create，而不是“%.40s”"},
	{"delimiter must be one character or `tab`, not \"%.40s\"",
		"delimiter 应为一个字符或 `tab`，而不是“%.40s”"},
	{"[file] knows method, encoding, zone and delimiter, not \"%.40s\"",
		"[file] 只有 method、encoding、zone、delimiter，没有“%.40s”"},
	{"%s: more than %d columns", "%s：超过 %d 列"},
	{"%s: which column?", "%s：哪一列？"},
	{"\"%.60s\" stands twice in [%.60s]", "“%.60s”在 [%.60s] 里出现了两次"},
	{"a section must come first: [file], [columns], [constants], [times] or [values FIELD]",
		"先要有一节：[file]、[columns]、[constants]、[times] 或 [values FIELD]"},
	{"expected [SECTION]", "应为 [SECTION]"},
	{"there is no section [%.60s]; there are [file], [columns], [constants], [times] and [values FIELD]",
		"没有 [%.60s] 这一节；有 [file]、[columns]、[constants]、[times]、[values FIELD]"},
	{"expected key = value", "应为 key = value"},
	{"%s needs %s: give it a column or a constant", "%s 需要 %s：请给出一列或一个常量"},
	{"%s is a time: give its format in [times], for example %s = YYYY-MM-DD hh:mm:ss",
		"%s 是时间：请在 [times] 里给出格式，例如 %s = YYYY-MM-DD hh:mm:ss"},
	{"%s is no time", "%s 不是时间"},
	{"%s has neither a column nor a constant", "%s 既没有列也没有常量"},
	{"date_order \"%.40s\" is not one of dmy, mdy, ymd, mdy_else_dmy, dmy_else_mdy",
		"date_order “%.40s”不在 dmy、mdy、ymd、mdy_else_dmy、dmy_else_mdy 之中"},
	{"time format \"%.60s\": \"%.10s\" is none of YYYY YY MMM MM DD hh mm ss SSS AM (or iso, epoch_s, "
	 "epoch_ms)",
		"时间格式“%.60s”：“%.10s”不是 YYYY YY MMM MM DD hh mm ss SSS AM 之一（或 "
		"iso、epoch_s、epoch_ms）"},
	{"time format \"%.60s\" needs a year, a month and a day", "时间格式“%.60s”要有年、月、日"},
	/* import: the file */
	{"%s is empty", "%s 是空的"},
	{"%s: the header", "%s：表头"},
	{"%s: the file has no column \"%s\"; it has: %.*s", "%s：文件没有“%s”这一列；它有：%.*s"},
	{"%s: the file has %u columns \"%s\"", "%s：文件有 %u 列叫“%s”"},
	{"%s is no regular file of at most 2 GiB", "%s 不是 2 GiB 以内的普通文件"},
	{"encoding \"%s\" is not known; utf-8, gbk, utf-16 ... are",
		"不认识编码“%s”；可用 utf-8、gbk、utf-16 等"},
	{"%s:%ju: this is not %s; say its real `encoding` in the mapping",
		"%s:%ju: 这不是 %s；请在映射文件里写明真正的 `encoding`"},
	{"%s:%ju: this is not UTF-8; a file saved by Excel in China is `encoding = gbk`",
		"%s:%ju: 这不是 UTF-8；国内 Excel 保存的文件请写 `encoding = gbk`"},
	{"column \"%s\": day and month are swapped: in %d only %.*s hold days over 12, while %.*s hold only "
	 "the days %.*s "
	 "(%ju values, the first in line %ju: \"%s\"). Say date_order in [times], probably %s",
		"列“%s”：日和月颠倒了：%d 年里只有 %.*s 有大于 12 的日，而 %.*s 只有 %.*s 日（共 %ju "
		"个值，第一个在第 %ju 行：“%s”）。"
		"请在 [times] 里写明 date_order，多半是 %s"},
	{"column \"%s\": %ju values are dates only with day and month swapped (line %ju: \"%s\"), %ju others "
	 "only as %s says: "
	 "two orders are mixed. Say date_order = mdy_else_dmy or dmy_else_mdy in [times] once you know which "
	 "was meant",
		"列“%s”：%ju 个值只有把日和月对调才是日期（第 %ju 行：“%s”），另外 %ju 个只符合 "
		"%s：混用了两种次序。"
		"查明原意后请在 [times] 里写 date_order = mdy_else_dmy 或 dmy_else_mdy"},
	{"column \"%s\": %ju values are no dates as %s says, but are with day and month swapped (line %ju: "
	 "\"%s\"), and none "
	 "speaks for the format. Correct the format in [times]",
		"列“%s”：%ju 个值按 %s 不是日期，日月对调才是（第 %ju "
		"行：“%s”），没有一个值支持这个格式。请改正 [times] 里的格式"},
	{"column \"%s\": nothing in the file says which of the numbers is the day: all %ju dates can be read "
	 "both ways (line "
	 "%ju: \"%s\"). Say date_order = dmy or mdy in [times]",
		"列“%s”：文件里看不出哪个数字是日：全部 %ju 个日期两种读法都行（第 %ju 行：“%s”）。请在 "
		"[times] 里写 date_order = dmy 或 mdy"},
	{"column \"%s\": %ju of %ju values are no dates of the form %s (line %ju: \"%s\"). Correct the "
	 "format in [times]",
		"列“%s”：%ju 个值（共 %ju 个）不是 %s 形式的日期（第 %ju 行：“%s”）。请改正 [times] "
		"里的格式"},
	{"the dates cannot be trusted (%d finding%s above): nothing was imported",
		"日期不可信（见上 %d 处%.0s）：什么都没有导入"},
	/* import: rows, progress, result */
	{"the import stopped; once that is cured, repeat it with --resume",
		"导入停下了；解决之后请加 --resume 再来一次"},
	{"nothing to resume: there is no %s; without --resume the import begins at the first row, and rows "
	 "that are there "
	 "already count as known",
		"没有可以继续的：没有 %s；不带 --resume 就从第一行开始，已有的行算作已知"},
	{"%s belongs to another file or mapping; import without --resume: rows that are there already count "
	 "as known",
		"%s 属于另一个文件或映射；请不带 --resume 导入：已有的行算作已知"},
	{"\r%3d %% [%.*s%*s] %ju rows  %.0f rows/s  %s %d:%02d  ",
		"\r%3d %% [%.*s%*s] %ju 行  %.0f 行/秒  %s %d:%02d  "},
	{"took", "用时"},
	{"left", "还需"},
	{"%d %%, %ju rows, %.0f rows/s\n", "%d %%，%ju 行，%.0f 行/秒\n"},
	{"line %ju: %s (%s: %s)\n", "第 %ju 行：%s（%s：%s）\n"},
	{"%s: %ju rows: %ju %s, %ju known, %ju rejected", "%s：%ju 行：%ju %s，%ju 已知，%ju 未接受"},
	{"would be imported", "将导入"},
	{"imported", "已导入"},
	{", %ju worked before", "，%ju 以前已处理"},
	{"each with its line and reason in %s\n", "每一行的行号和原因见 %s\n"},
	{"%s:%ju:%zu: a zero byte, which no text has: was the file copied completely, or is it "
	 "`encoding = utf-16le`?",
		"%s:%ju:%zu：有零字节，不是文本：文件是否没有复制完整，或者应写 `encoding = utf-16le`？"},
	{"%s: Excel rounded this number", "%s：Excel 舍入了这个数字"},
	{"%s: \"%.*s\": Excel rounded this number, its last digits are gone: make the column a text in "
	 "Excel and save the file anew from the source",
		"%s：“%.*s”：Excel 舍入了这个数字，后几位已丢失：请在 Excel "
		"里把该列设为文本，从来源重新保存"},
	{"%s: %s: column \"%s\": Excel rounded %ju of %ju numbers (line %ju: \"%s\"): their "
	 "rows are rejected. Make the column a text in Excel and save the file anew from the "
	 "source\n",
		"%s：%s：列“%s”：%ju / %ju 个数字被 Excel 舍入（第 %ju 行：“%s”），这些行不会导入。请在 "
		"Excel 里把该列设为文本，从来源重新保存\n"},
	{"%s is no date and time", "%s 不是日期时间"},
	{"%s: \"%.*s\" is no date and time of the form %s", "%s：“%.*s”不是 %s 形式的日期时间"},
	{"a value is not in [values %.100s]", "有值不在 [values %.100s] 里"},
	{"%s: \"%.*s\" is not in [values %s]", "%s：“%.*s”不在 [values %s] 里"},
	{"the mapping", "映射文件"},
	{"wrong number of columns", "列数不对"},
	{"the row has %u columns, the header %u", "这一行有 %u 列，表头有 %u 列"},
	{"text is empty", "text 是空的"},
	{"created is empty", "created 是空的"},
	{"other reasons", "其他原因"},
	{"the row has more than 512 columns", "这一行超过 512 列"},
	{"a quote that is opened is never closed", "引号只开不闭"},
	{"text stands behind a closing quote", "闭引号后面还有文字"},
	/* top */
	{"warnings", "预警    "},
	{" none", " 无"},
	{"%s; %jd keys watched, %jd closes, the longest took %jd us\n",
		"%s；监视 %jd 个键，时段结束 %jd 次，最长用 %jd 微秒\n"},
	{"  the clock is suspect", "  时钟可疑"},
	{"  virtual clock", "  虚拟时钟"},
	{"%s%s  generation %jd  event %jd\n", "%s%s  第 %jd 代规则  记录 %jd\n"},
	{"calls    %-9s %jd in all, %jd refused; %jd of %jd connections, %jd paused\n",
		"调用     %-9s 共 %jd 次，拒绝 %jd 次；连接 %jd（最多 %jd），暂停 %jd 个\n"},
	{"journal  %-9s %jd entries, %jd batches; commit p50 %jd us, p99 %jd us, max %jd us\n",
		"日志     %-9s %jd 条，%jd 批；写盘 p50 %jd 微秒，p99 %jd 微秒，最长 %jd 微秒\n"},
	{"queues   %jd answers and %s await the disk, %s the clients; %jd timers near\n",
		"排队     %jd 个回答、%s 等着写盘，%s 等着客户端；近期定时器 %jd 个\n"},
	{"rules    %-9s %jd asked, %.0f us each, %jd failed\n",
		"规则     %-9s 问了 %jd 次，每次 %.0f 微秒，出错 %jd 次\n"},
	{"tickets  %-9s %jd created, %jd acts, %jd timers fired\n",
		"工单     %-9s 新建 %jd 个，操作 %jd 次，定时器触发 %jd 次\n"},
	{"memory   %s, changes %s + %s frozen, rules %s; cpu %s\n",
		"内存     %s，改动 %s + 冻结 %s，规则 %s；CPU %s\n"},
	{"tables   %s; %jd checkpoints, the last took %jd ms and reached event %jd\n",
		"数据表   %s；检查点 %jd 次，最近一次用 %jd 毫秒，到记录 %jd\n"},
	{"rows    ", "行数    "},
	{" none in the tables yet\n\n", " 表里还没有\n\n"},
	/* detect */
	{"the pack in %s watches no series with bins of %s; it has %s",
		"%s 中的规则包没有监视时段为 %s 的序列；它有 %s"},
	{"the pack in %s has no watch \"%s\"", "%s 中的规则包没有监视“%s”"},
	{"--bin %s: the bins of watch \"%s\" are %s long", "--bin %s：监视“%s”的时段长 %s"},
	{"--bin \"%.40s\" is not a length that parts a day evenly, such as 5m, 1h, 1d, or 1w",
		"--bin “%.40s”不是能均分一天的时长，例如 5m、1h、1d，或 1w"},
	{"--gaps must be zero or unknown, not \"%.40s\"", "--gaps 应为 zero 或 unknown，而不是“%.40s”"},
	{"%s %s: \"%.*s\" is not a time such as 2026-09-22T10:00",
		"%s %s：“%.*s”不是 2026-09-22T10:00 这样的时间"},
	{"%s %s: the window ends (%.*s) before it begins (%.*s)",
		"%s %s：区间的结束（%.*s）早于开始（%.*s）"},
	{"%s: a list of [from, to] is needed, not %s", "%s：应为 [from, to] 的列表，而不是 %s"},
	{"%s %s must be [\"from\", \"to\"]", "%s %s 应为 [\"from\", \"to\"]"},
	{"%s has no labels for %s", "%s 里没有 %s 的标注"},
	{"%s: two columns are needed: from and to, or a time and 0 or 1",
		"%s：需要两列：from 和 to，或者时间和 0、1"},
	{"%s %s: %s \"%.*s\" is neither a time nor 0 or 1", "%s %s：%s “%.*s”既不是时间也不是 0、1"},
	{"%s is empty: a header and rows are needed", "%s 是空的：需要表头和数据行"},
	{"%s line %ju has %u columns, the header has %u", "%s 第 %ju 行有 %u 列，表头有 %u 列"},
	{"%s has a header and no row", "%s 只有表头，没有数据行"},
	{"%s line %ju", "%s 第 %ju 行"},
	{"%s has no column \"%.60s\"; it has %s", "%s 没有“%.60s”这一列；它有 %s"},
	{"%s line %ju: %s \"%.*s\" is not a time%s%s%s", "%s 第 %ju 行：%s “%.*s”不是时间%s%s%s"},
	{"%s: day and month of %s could be each other in every row; say which with --time-format, such as "
	 "\"%s\"",
		"%s：%s 的日和月在每一行都可以互换；请用 --time-format 写明，例如“%s”"},
	{"%s line %ju: %s \"%.*s\" is not a count: a number of 0 or more",
		"%s 第 %ju 行：%s “%.*s”不是计数：应为 0 或更大的数"},
	{"%s: from the first time to the last there are over %d bins; is one of them wrong?",
		"%s：从第一个时间到最后一个超过 %d 个时段；是不是有一个写错了？"},
	/* headings */
	{"FIGURE|VALUE", "指标|值"},
	{"FIELD|VALUE", "字段|值"},
	{"  |RULE|WHERE|WHY", "  |规则|位置|原因"},
	{">ID|NO|STATUS|STAGE|CATEGORY|CITY|QUEUE|DUE|TITLE", ">ID|单号|状态|环节|类别|地市|队列|时限|标题"},
	{">SEQ|AT|WHO|WHAT|CHANGED", ">记录|时间|何人|何事|变化"},
	{">ROWS|REJECTED BECAUSE", ">行数|未接受的原因"},
	{"METHOD|>CALLS/S|>CALLS|>REFUSED", "方法|>每秒|>调用|>拒绝"},
	/* help */
	{"Usage: tocsin [--server unix:PATH|tcp:HOST:PORT] [--token-file FILE] [--json] COMMAND ...\n\n",
		"用法：tocsin [--server unix:PATH|tcp:HOST:PORT] [--token-file FILE] [--json] 命令 ...\n\n"},
	{"\n`tocsin COMMAND --help` says more. Exit: 0 done, 1 refused or failed, 2 wrong usage.\n",
		"\n`tocsin 命令 --help` 有详细说明。退出码：0 完成，1 被拒绝或失败，2 用法不对。\n"},
	{"Usage: tocsin %s %s\n", "用法：tocsin %s %s\n"},
	{NULL, NULL},
};

const char *text_zh(const char *en)
{
	for (const struct text_pair *p = messages; p->en != NULL; p++)
		if (strcmp(p->en, en) == 0)
			return p->zh;
	return en;
}
