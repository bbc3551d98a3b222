#include "svg.h"
int svg_write(FILE *out, const struct stacks *stacks, const struct stacks_caption *caption)
{ (void)out;(void)stacks;(void)caption; return 0; }
