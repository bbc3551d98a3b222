/* SPDX-License-Identifier: BSD-2-Clause */
#include "budget.h"

static void begin_window(struct budget *budget, uint64_t begin_ns, uint64_t cost_ns,
			 uint64_t target_ns)
{
	budget->begin_ns = begin_ns;
	budget->cost_ns = cost_ns;
	budget->target_ns = target_ns;
}

void budget_begin(struct budget *budget, double limit, uint64_t now_ns, uint64_t cost_ns,
		  uint64_t target_ns)
{
	*budget = (struct budget){ .limit = limit };
	begin_window(budget, now_ns, cost_ns, target_ns);
}

static bool is_over(const struct budget *budget, uint64_t cost_ns, uint64_t target_ns)
{
	if (cost_ns < budget->cost_ns + BUDGET_LEAST_NS)
		return false;
	return cost_ns - budget->cost_ns > budget->limit * (target_ns - budget->target_ns);
}

bool budget_look(struct budget *budget, uint64_t now_ns, uint64_t cost_ns, uint64_t target_ns)
{
	uint64_t taken_ns = target_ns - budget->target_ns;
	bool over;

	/* After a step the figures are taken where the wait ends. */
	if (now_ns <= budget->begin_ns) {
		budget->cost_ns = cost_ns;
		budget->target_ns = target_ns;
		return false;
	}
	if (now_ns < budget->begin_ns + BUDGET_WINDOW_NS)
		return false;
	over = !budget->given_up && target_ns > budget->target_ns &&
	       is_over(budget, cost_ns, target_ns);
	if (over) {
		budget->spent = (double)(cost_ns - budget->cost_ns) / taken_ns;
		if (budget->detail < AT_DETAIL_COUNTS)
			budget->detail++;
		else
			budget->given_up = true;
	}
	begin_window(budget, over ? now_ns + BUDGET_WINDOW_NS : now_ns, cost_ns, target_ns);
	return over;
}
