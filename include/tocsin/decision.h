/*
 * Facts and decisions: the whole vocabulary between the core and the pack (desk/facts.c builds, desk/apply.c
 * applies). Nothing here is policy: every name is data of the pack, checked against its catalog.
 *
 * Facts (maps; absent keys are unknown):
 *   now        ms since 1970 UTC
 *   local      {date="2026-09-22", year, month, day, hour, minute, weekday=1…7 (Monday 1), minute_of_day} in
 *              the pack's zone
 *   who        {name, roles={ROLE=true}}
 *   ticket     at "create" what came in: kind, channel, subject={type, id}, number, caller, callback,
 *              customer, category, city, title, text, priority, form, fields, occurred, source_ref; else the
 *              whole row (no clocks, timers)
 *   action, data, note          at "act"
 *   contact    {kind, channel, number, text}   at "contact"
 *   timer      {kind="clock", clock, percent, due, rule?, round}   at "timer"; kind is also "rule", for
 *              timers that a decision asked for. refused={zh, en}: what was decided could not be applied, and
 *              why; asked once more, the pack may put it off
 *   task       {kind, state="done"|"given_up"|"late", …}   at "task"
 *   history    {tickets=[{id, no, kind, category, city, status, stage, queue, created, closed?}, newest first,
 *              at most 20] of the same subject within catalog.limits.history_ms, n_tickets, n_contacts,
 *              contacts=[ms, newest first, at most 20]}
 *   subscriber at "create": what CRM put for the number {city, brand, star, group, vip, age65, name, …}
 *   heard      at "create": what the number heard last of a case's prompt {incident, version, at}
 *              (desk/heard.h)
 *   again      at "create" and "contact": [{id, at}] open cases to which the number complained again (desk/heard.h)
 *   number     at "create" and "contact": what lists of affected numbers say of the number (desk/affected.h)
 *   spent      at "act": {NAME={day?, ticket?}} by each grant of the catalog: given today by who acts, and by
 *              this ticket (desk/grants.h)
 *   clocks     {NAME={goal, unit, due?, percent, state="running"|"paused"|"stopped"}} of the ticket
 *   cases      open incidents, newest first (desk/cases.h): at "create" those that fit what is known of city
 *              and category, at "act" and "contact" the ticket's own, of an incident all; at "attach" the one
 *              that the ticket may hang on; at "evidence" all
 *   hit, raised   at "declare": {affected, complainers, began, before?} of an open incident, and what it
 *              became before: [{id, kind, is_open}] (desk/warning/warn_declare.c)
 *   warning    at "warning" and "evidence": what happened to a key (desk/warning/warn_facts.c)
 *   whole      at "act" of an incident that was merged: the incident that has now what it had (desk/act.c)
 *   off        [rule] that failed too often and are left out for a while (desk/breaker.h)
 *   is_import  at "create": the ticket is from another system, in its own past
 *   suspects   at "warning", of a rise: which component is at fault (suspects_find, desk/signals.h)
 *
 * Decision:
 *   refuse     {message, message_zh?, reason?, allowed={…}?, argument?, value?} → error `rejected`; nothing
 *              else is applied
 *   set        ticket fields: category, city, grade, priority, queue, department, owner, stage, status, title,
 *              complete, missing, reply, resolution, cause, tags, fields (merged), number, callback, customer,
 *              occurred, advice (all: SET_FIELDS of desk/apply.c); nil takes away what the ticket has
 *   clocks     [{op="start", name, goal, unit, calendar?, percents={75,100}, statutory?,
 *              from?="created"|"received"|ms, rule?}, {op="pause", name|"*", cause}, {op="resume", name|"*",
 *              void_from?=ms, cause?}, {op="stop", name|"*"}, {op="regoal", name, goal}]; goal counts units
 *              ("hours", "natural_days", "working_days"); hours may be a fraction: 0.5
 *   timers     [{name, after_ms|at_ms, rule, round?, clock?, percent?}], a new one of the same name replaces
 *              it; all of it comes back as facts.timer with kind="rule" · cancel_timers [name|"*"]
 *   links      [{type="duplicate_of"|"parent"|"related"|…, id}] · unlinks likewise
 *   open       [ticket.create arguments] tickets to open, linked as "parent" to this one; with link="raised"
 *              as "related", this one to them as "raised"
 *   again      [id] at "create" and "contact": cases for which the number counts as complaining again now
 *   reserve    [{grant, amount, ticket_max?, day_max?}] money that who acts gives away, kept in this entry;
 *              refused when it is more than these limits leave · release [NAME|"*"] what the ticket had of it
 *              is given back
 *   acts       [{id, action, data?}] on other tickets, at most 8, which bring nothing further along; refused:
 *              so is the whole
 *   jobs       what is done in slices for many tickets or numbers (desk/jobs.h)
 *   tasks      [{kind, data}] rows of the outbox; kind is of catalog.tasks, texts of data may hold {no} and
 *              {id}, data.numbers = […] makes it a batch; `ticket` and `no` come by themselves ·
 *              cancel_tasks [{kind}] open tasks of the ticket that are not to be done any more, and
 *              its running jobs that make them
 *   notices    [{topic, data}] events for topics, "{id}" and "{no}" filled in; `ticket.QUEUE` events of a
 *              ticket's own changes come from the core
 *   advice     [{zh, en}] what the front desk should say or do
 *   because    [number] the rules that fired, in order (generation_rules names them)
 *   incident   at "evidence": the open case that the warning is evidence of
 *   act        [{action, data?}] at "evidence" and "warning": on the incident of the key
 *   call       [{person, …}] at "warning": whom it calls, each once per level of its case; the rest of the map
 *              comes with the event "call" of topic "duty"
 *   say        {zh, en} at "warning": said with the change of the level; of a key without a case (event
 *              "caseless") to the duty desk, once while it is said
 *   raise      {level, reason?}: the case relapses; the warning of the incident's key stands at least there
 *   failed     {rule, message} a rule failed and `otherwise` was taken; the rest of the decision is valid
 *
 * Questions that change nothing have facts and answers of their own: "duty" (desk/duty.c), "grants"
 * (desk/grants.c), "draft" (desk/cases/drafts.c), "prompt" (desk/affected/affected_check.c), "about"
 * (desk/cases/case_about.c).
 *
 * Catalog (what the core itself reads; the rest is passed through to catalog.get):
 *   zone · kinds={NAME={prefix, first={stage, status}, stages={NAME={status, label}}, actions={NAME={label,
 *   from={…}, roles={…}?, data={…}}}}} · channels, categories, cities, queues, clocks,
 *   grades={NAME={label={zh, en}, …}} (queue patterns: "city_support.CITY") · persons={NAME={roles={…},
 *   department, label}} · calendars={NAME={week={[1…7]={{from_minute, to_minute}…}},
 *   days={["2026-10-01"]=false|{{from, to}…}}, years={2026, …}}} · limits={request_keep_ms, history_ms, …} ·
 *   otherwise={queue="duty", …}
 */
#pragma once

/* What the core takes when there is no usable decision at all. */
#define OTHERWISE_QUEUE "duty"
