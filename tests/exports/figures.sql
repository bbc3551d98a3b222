-- SPDX-License-Identifier: BSD-2-Clause
-- The figures of summary from a timeline: what a coroutine's task did between its begin and end;
-- one that is open has that of the trace.
SELECT c.name,
       COUNT(*),
       SUM(c.status LIKE '%failed'),
       SUM(c.status LIKE '%cancelled'),
       SUM(c.status LIKE '%open'),
       SUM(c.end_ns - c.start_ns),
       SUM((SELECT TOTAL(MIN(i.end_ns, c.end_ns) - MAX(i.start_ns, c.start_ns))
            FROM spans i WHERE i.task_id = c.task_id AND i.kind = 'step'
            AND i.end_ns > c.start_ns AND i.start_ns < c.end_ns)),
       SUM((SELECT TOTAL(MIN(i.end_ns, c.end_ns) - MAX(i.start_ns, c.start_ns))
            FROM spans i WHERE i.task_id = c.task_id AND i.kind = 'ready'
            AND i.end_ns > c.start_ns AND i.start_ns < c.end_ns)),
       SUM((SELECT TOTAL(MIN(i.end_ns, c.end_ns) - MAX(i.start_ns, c.start_ns))
            FROM spans i WHERE i.task_id = c.task_id AND i.kind = 'await'
            AND i.end_ns > c.start_ns AND i.start_ns < c.end_ns))
FROM spans c
WHERE c.kind = 'coroutine'
GROUP BY c.name
ORDER BY SUM(c.end_ns - c.start_ns) DESC;
