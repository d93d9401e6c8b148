/* --help in Chinese: of every command and of the options before it, by their names. */
#include <string.h>

#include "cli_int.h"

static const struct text_help helps[] = {
	{"--server", "守护进程的地址；否则取 $TOCSIN_SERVER、./data/tocsin.sock、/run/tocsin/tocsin.sock",
		NULL},
	{"--token-file", "第一行是令牌的文件（经 TCP 时需要）；否则取 $TOCSIN_TOKEN_FILE", NULL},
	{"--json", "输出给程序用的 JSON，而不是表格", NULL},
	{"--lang", "给人看的文字用哪种语言；否则按 $LC_ALL、$LC_MESSAGES、$LANG", NULL},
	{"--version", "本程序的版本", NULL},
	{"--help", "本说明；写在命令后面则是该命令的说明", NULL},
	{"new", "受理一件投诉（ticket.create）",
		"  tocsin new channel=hotline_10086 number=13800138000 text='充值没有到账' "
		"customer.name=王女士\n"},
	{"show", "一张工单的全部内容", NULL},
	{"list", "按条件列出工单",
		"条件：field=value，field=a,b（其中之一），field>=value、<=、>、<；时间按 ISO 8601。\n"
		"次序：id、-id、due、-due。--limit 不写为 50。\n"
		"  tocsin list queue=second_line 'due<2026-10-01' --order due\n"},
	{"act", "对工单做其种类所允许的一个操作",
		"值按该操作所填内容的类型读取：true 或 false、分、ISO 8601 时间、a,b "
		"这样的列表；key:=JSON 原样使用。\n"
		"  tocsin act 17 dispatch queue=second_line --note '客户催办'\n"
		"  tocsin act 17 confirm satisfied=true\n"},
	{"history", "工单从头到尾发生过的事", NULL},
	{"explain", "工单为什么这样走，其他规则为什么没有触发",
		"用当时的事实再问一遍存下来的规则包。--seq：看另一条记录，而不是最后一次决定；--"
		"rule：只看这条规则。\n"},
	{"warn", "现在有哪些预警；确认、签降、升级、降级、备注",
		"ACTION：ack、sign_down、raise、lower、note。KEY：列表中所示，或 * 表示灾害模式（raise 加 "
		"--until）；--level 等级。\n"
		"  tocsin warn ack shenzhen/recharge.not_credited 'billing is called'\n"},
	{"cases", "未结事件，最需要人手的在前，以及谁在处理",
		"按三原则依次排序，从不合成一个分数：投诉的人、受影响的人、严重程度；或按增长：最近15分钟与此"
		"前15分钟的投诉之差。\n"
		"  tocsin cases --order growth\n"},
	{"report", "一张工单要向外部提交的报告的草稿",
		"已知的已填好，未知的注明缺少。由人提交，然后记为结束该时限的操作。--draft：只要这一份。\n"
		"  tocsin report 12 --draft report_written\n"},
	{"drill", "用今晚的规则和班表重演一次记录下来的故障，并评分",
		"所说的都标明是演练；不发出任务，不改变计数。--incident：由这个事件重演；--speed "
		"10：一小时只用六分钟。\n"
		"  tocsin drill start recharge_outage --speed 10\n"},
	{"watch", "随发生随打印事件，直到中断",
		"主题：warning、incident、ticket.QUEUE、frontdesk.CITY、ivr、bulletin、rules、duty；# "
		"是您可以看的全部。\n"
		"带 --consumer 时，打印过的都会确认，下次从其后继续。\n"
		"连接断了会重连，中间的不会漏掉。\n"},
	{"export", "把符合条件的全部工单写到标准输出",
		"条件同 `tocsin list`。--format "
		"ndjson（默认）：每行一张完整的工单。csv：主要的列，UTF-8；表格软件会当成公式\n"
		"运行的文字，前面加一个单引号。--order 次序。\n"},
	{"import", "按映射文件导入一个 CSV 文件",
		"映射文件的手册是 examples/imports/README.md。\n"
		"先判断整个文件的日期：有歧义、不可能或日月颠倒，就什么都不导入。\n"
		"已经有的行算作已知，所以导入可以重复做。没有接受的行连同行号和原因写入 --rejects FILE\n"
		"（默认是当前目录的 FILE.rejects.csv），改正后可以像原文件一样导入；--map 给出映射文件。\n"
		"  --dry-run  除发送之外都做；不需要守护进程\n"
		"  --resume   从中断的地方继续\n"
		"退出码：0 每一行都在了；1 有行没有接受，或导入被拒绝、中断。\n"},
	{"detect", "像守护进程一样，用规则包的监视和等级表判断一个计数序列",
		"FILE 有表头；行的次序不限，同一时段的几行相加。不需要守护进程。\n"
		"  --time COLUMN     ISO 8601、YYYY/MM/DD、DD.MM.YYYY、2026年9月22日、epoch 等：看整列判断\n"
		"  --time-format F   或者写明，用 YYYY YY MMM MM DD hh mm ss SSS AM，例如 \"DD/MM/YYYY "
		"hh:mm\"\n"
		"  --value COLUMN    数量；不写则每行是一个事件，没有行的时段为 0\n"
		"  --bin LENGTH      时段长度；不写则取行的间隔（事件为 5m）\n"
		"  --gaps zero       没有行的时段也为 0；否则为未知：既不报警也不学习\n"
		"  --rules DIR       规则包；不写则用广东的。用其中 of = \"series\" 且时段相同的监视来判断\n"
		"  --watch NAME      用其中另一个监视\n"
		"  --labels FILE     真正出事的时间：from、to 两列的 CSV，或时间加 0、1；或 NAB 的 JSON "
		"区间；\n"
		"                    或 FILE 里 0/1 的一列。打印灵敏度、每序列周误报、延迟\n"
		"  --alarms OUT.csv  每个时段：bin,level,count,expected,p（bin 是开始时间，按 --zone）\n"
		"  --zone NAME       没有时差的时间属于哪个时区；不写为 Asia/Shanghai\n"
		"  --encoding NAME   FILE 的编码，如 gbk；不写为 utf-8\n"
		"连续处于某等级的时段算一次报警；开始时不在任何标注事件之内的是误报。\n"},
	{"drop", "导入放进一个文件夹的 CSV 文件",
		"凡是一段时间（--stable-ms，2000）没有变化的 FILE.csv，都按 `tocsin import` "
		"的方式（--map）处理。\n"
		"处理时文件叫 FILE.csv.work；然后是 FILE.csv.done，数字在 "
		"FILE.csv.result.json，没有接受的行连同\n"
		"行号和原因在 FILE.csv.rejected.csv。整个有错的文件改名为 "
		"FILE.csv.failed。随时可以中断：下次接着做，\n"
		"没有一行会变成两件投诉。守护进程不在时等待。\n"
		"  --once  只处理现有的，然后结束\n"
		"退出码：0；带 --once 而有文件要等，或文件夹无法处理时为 1。\n"},
	{"hook", "把发件箱的任务发到一个网络回调",
		"认领该 --kind（webhook）的任务，每个以 JSON {id, kind, ticket, no, data, created, attempt, "
		"…} 发到本机的\n"
		"http://HOST:PORT/PATH（由代理用 TLS 转出）。2xx 为完成；没有应答、408、425、429、5xx "
		"按规则包重试；其他放弃。\n"
		"请求头：Idempotency-Key 是任务的 id，每次相同；带 --secret-file 时 X-Tocsin-Signature 为 "
		"sha256=HEX，即用文件\n"
		"第一行对 \"TIMESTAMP.BODY\" 算的 HMAC-SHA256，TIMESTAMP 同 X-Tocsin-Timestamp（1970 "
		"年起的毫秒）。\n"
		"--worker 是认领者的名字，--timeout-ms 是等应答的时间。\n"
		"  --once  只做现在到期的，然后结束\n"
		"退出码：0 结束或完成；1 守护进程拒绝，或带 --once 时不在。\n"},
	{"rules", "哪个规则包在起作用；检查、试算、比较、加载、退回",
		"  status              现在由什么决定，最近一次加载的结论\n"
		"  check [DIR] [--spec NAME] [--zone ZONE]\n"
		"                      DIR 中规则包的全部错误，格式 file:line:column: "
		"message；不需要守护进程。\n"
		"                      不写 DIR 则由守护进程检查重新加载时读的目录。--spec：只运行一个用例\n"
		"  try [--rules DIR] key=value ... [--at TIME] [--why-not RULE|all]\n"
		"                      规则会怎样处理一件投诉，为什么；什么都不存。\n"
		"                      --rules：用一个目录的规则，不需要守护进程；否则用现在起作用的\n"
		"  diff DIR [--last N]\n"
		"                      最近 N 个决定（1000）换成 DIR "
		"的规则包会有哪些变化；两者都用当时的事实。什么都不改\n"
		"  reload              加载守护进程的目录；有错的规则包什么都不改，退出码 1\n"
		"  rollback N          第 N 代重新起作用，用新的代号\n"
		"都可带 --lang zh|en。\n"},
	{"now", "凌晨三点的七个问题，一屏看完",
		"来源是安静还是断了？什么、哪里、多少、在涨吗？谁在处理，接下来是谁？我可以做什么？\n"
		"什么要到期？谁改了规则？Tocsin 自己好吗？--watch 反复刷新，直到 q 或 ^C。\n"},
	{"top", "守护进程的各项指标，反复刷新",
		"各方法每秒调用、提交用时、队列、规则、内存、行数；默认每 2s，--every 另定。\n"
		"q 或 ^C 结束，其他键立即刷新。--once 或输出不是终端：只看一次，没有速率。\n"},
	{"stats", "运行中的守护进程的各项指标", NULL},
	{"backup", "在运行中复制数据",
		"DIR 在守护进程的机器上，且必须尚不存在；已安装的服务可写 /var/lib/tocsin-backups 之下。\n"},
	{"token", "生成一个 256 位的令牌，只打印一次",
		"把 `NAME ROLE SHA-256` 追加到 DIR/tokens（--data 不写为 ./data；权限 "
		"0600）。角色：intake、agent、\n"
		"supervisor、leader、analyst、operator、adapter、auditor、admin；ROLE+gateway "
		"可以代规则包里的人操作。\n"},
	{"restore", "校验一个备份，并由它建立数据目录",
		"DIR 必须尚不存在，或为空且属于恢复者本人。对外任务先处于暂停。\n"},
	{"fsck", "检查每条记录、事件链和索引",
		"DIR 是没有守护进程使用的数据目录，或备份。有任何错误则退出码为 1。\n"},
	{"call", "调用任一方法，把应答打印成 JSON",
		"值按守护进程自己的方法表定类型：要文字的地方，number=13800138000 就是文字。\n"
		"  key=value      一个参数；映射和数组写成 JSON\n"
		"  key.sub=text   映射 `key` 里的一个文字\n"
		"  key:=JSON      不管方法表，按 JSON 取\n"
		"  {...}          全部参数写成一个 JSON 对象\n"},
	{NULL, NULL, NULL},
};

const struct text_help *help_zh(const char *name)
{
	const struct text_help *h = helps;

	while (h->name != NULL && strcmp(h->name, name) != 0)
		h++;
	return h;
}
