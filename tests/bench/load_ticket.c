/* Made-up complaints: sentences, amounts, numbers and places vary, so that no compressor sees the same text
 * twice. */
#include <stdio.h>
#include <string.h>

#include "load.h"

#define N(list) (sizeof(list) / sizeof((list)[0]))
#define PICK(list, rng) ((list)[rng_below(rng, N(list))])

static const char *const channels[] = {
	"hotline_10086", "hall", "app", "online_chat", "account_manager", "complaint_10080"};
static const char *const cities[] = {"guangzhou", "shenzhen", "zhuhai", "shantou", "foshan", "shaoguan",
	"zhanjiang", "zhaoqing", "jiangmen", "maoming", "huizhou", "meizhou", "shanwei", "heyuan",
	"yangjiang", "qingyuan", "dongguan", "zhongshan", "chaozhou", "jieyang", "yunfu"};
static const char *const categories[] = {"recharge.not_credited", "billing.overcharge", "billing.huge_bill",
	"tariff.dispute", "network.no_service", "network.slow", "network.5g", "broadband.fault",
	"roaming.international", "vas.unordered", "account.suspend_resume"};
static const char *const topics[] = {"充值未到账", "被多扣费用", "突发高额话费", "套餐资费争议",
	"手机没有信号", "上网速度慢", "宽带无法连接", "国际漫游收费", "未订购增值业务被扣费",
	"停机后无法复机"};
static const char *const sentences[] = {
	"客户来电反映，于%u月%u日通过银行代扣方式缴费%u元，至今未到账，多次查询均无结果，要求尽快核实处理。",
	"客户称本月%u日起在小区%u栋附近经常无法接通电话，信号只有%u格，严重影响工作和生活，要求上门检测。",
	"客户表示账单显示%u日有%u笔流量费用共%u元，本人并未使用，认为属于乱收费，要求退还并解释原因。",
	"经核查工单系统，第%u次回访时间为%u点%u分，客户对前一次的答复不满意，坚持要求投诉升级处理。",
	"客户曾于%u日到营业厅第%u号台席办理业务，工作人员承诺%u小时内解决，但至今没有任何人员联系。",
	"客户要求在%u个工作日内给予书面答复，并赔偿话费损失%u元，否则将向%u通信管理部门申诉。",
	"客户使用的终端型号为测试机%u型，软件版本%u，重启和更换卡槽后故障依旧，同一地点共%"
	"u位同事均有相同情况。",
};

static void make_text(struct call_args *c, struct rng *rng)
{
	size_t n = 0;

	while (n < 470) {
		unsigned a = 1 + (unsigned)rng_below(rng, 12), b = 1 + (unsigned)rng_below(rng, 28);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		n += (size_t)snprintf(c->text + n, sizeof(c->text) - n, PICK(sentences, rng), a, b,
			10 + (unsigned)rng_below(rng, 990));
#pragma GCC diagnostic pop
	}
}

static void make_complaint(struct call_args *c, struct rng *rng)
{
	c->channel = PICK(channels, rng);
	c->city = PICK(cities, rng);
	c->category = PICK(categories, rng);
	snprintf(c->number, sizeof(c->number), "13%09u", (unsigned)rng_below(rng, 1000000000));
	snprintf(c->title, sizeof(c->title), "%s，流水号%u", PICK(topics, rng),
		(unsigned)rng_below(rng, 100000000));
	make_text(c, rng);
}

void call_random(struct call_args *c, enum job job, uint64_t n_tickets, struct rng *rng)
{
	c->job = job;
	if (job == JOB_CREATE)
		make_complaint(c, rng);
	else if (job == JOB_GET)
		c->id = 1 + rng_below(rng, n_tickets);
	else if (job == JOB_CHECK)
		snprintf(c->number, sizeof(c->number), "%ju",
			(uintmax_t)(13000000000 + rng_below(rng, n_tickets)));
	else if (rng_below(rng, 2) == 0)
		snprintf(c->queue, sizeof(c->queue), "second_line");
	else
		snprintf(c->queue, sizeof(c->queue), "city_support.%s", PICK(cities, rng));
}
