#include "timeline.h"
const struct view timeline_tracks = { 0 };
