/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/selection.h"

static unsigned selection_rank(const Candidate *c)
{
        return 2 * c->suspect + c->doubtful;
}

/* Returns true if `a` is cheaper than `b`; if `b` is in use, by enough to justify the change. */
static bool selection_cheaper(const Candidate *a, const Candidate *b, bool in_use)
{
        if (!a->cost)
                return false;
        if (!b->cost)
                return !in_use;
        return in_use ? a->cost < b->cost - b->cost / 5 : a->cost < b->cost;
}

size_t select_upstream(const Candidate *candidates, size_t n, Policy policy, size_t preferred)
{
        size_t best = SIZE_MAX;

        for (size_t i = 0; i < n; i++)
                if (candidates[i].usable &&
                    (best == SIZE_MAX || selection_rank(&candidates[i]) < selection_rank(&candidates[best])))
                        best = i;
        if (best == SIZE_MAX || policy == POLICY_ORDERED)
                return best;

        if (preferred < n && candidates[preferred].usable &&
            selection_rank(&candidates[preferred]) == selection_rank(&candidates[best]))
                best = preferred;
        for (size_t i = 0; i < n; i++)
                if (candidates[i].usable && selection_rank(&candidates[i]) == selection_rank(&candidates[best]) &&
                    selection_cheaper(&candidates[i], &candidates[best], best == preferred))
                        best = i;
        return best;
}
