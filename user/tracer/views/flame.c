/* SPDX-License-Identifier: BSD-2-Clause */
/* Where does the time go, by the logical stack: who created whom, who awaits whom? */
#include "view.h"

const struct view view_flame = { 0 };
