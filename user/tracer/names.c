/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is inserted is the tracer's own, thread 0: it has no sequence, and nothing of it can be
 * lost.
 */
#include "names.h"
#include "inodes.h"
#include "symbols.h"
#include "target.h"
#include <base/hash.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A target can make up any number of addresses, and to look for the name of one takes its time. */
enum { NAMES_MAX = 1 << 16 };

/* An address that was met. The place that a function begins at is none that a call returns to. */
struct known {
	struct address {
		uint64_t address;
		uint32_t process;
		uint32_t kind;
	} key;
	UT_hash_handle hh;
};

struct names {
	const struct target *target;
	const char *title;
	bool begun;		 /* what is traced has been told */
	struct symbols *symbols; /* null until the first address is met */
	struct known *known;
	struct at_event *records;
	size_t count, room;
};

struct names *names_new(const struct target *target, const char *title)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->target = target;
	names->title = title;
	return names;
}

void names_free(struct names *names)
{
	struct known *known, *next;

	if (!names)
		return;
	symbols_free(names->symbols);
	HASH_ITER (hh, names->known, known, next) {
		HASH_DEL(names->known, known);
		free(known);
	}
	free(names->records);
	free(names);
}

/* True once for each. */
static bool is_new(struct names *names, const struct address *key)
{
	struct known *known;

	HASH_FIND(hh, names->known, key, sizeof(*key), known);
	if (known)
		return false;
	if (names->known && HASH_COUNT(names->known) >= NAMES_MAX)
		return false;
	known = calloc(1, sizeof(*known));
	if (!known)
		return false;
	known->key = *key;
	HASH_ADD(hh, names->known, key, sizeof(known->key), known);
	if (known->hh.tbl)
		return true;
	free(known);
	return false;
}

static bool same_file(const struct target_image *one, const struct target_image *other)
{
	struct inode a, b;

	return inode_of(&a, one->fd) && inode_of(&b, other->fd) && inodes_equal(&a, &b);
}

/* A file without symbols leaves its addresses unnamed. The program may be one of the images. */
static struct symbols *open_symbols(const struct target *target)
{
	const struct target_image *image = &target->program;
	struct symbols *symbols = symbols_new();
	size_t i;

	if (!symbols)
		return NULL;
	symbols_add(symbols, image->path, image->fd, image->bias);
	for (i = 0; i < target->image_count; i++) {
		image = &target->images[i];
		if (!same_file(image, &target->program))
			symbols_add(symbols, image->path, image->fd, image->bias);
	}
	return symbols;
}

static struct at_event *add_record(struct names *names, const struct at_event *like,
				   unsigned int kind)
{
	struct at_event *record;

	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 16;

		record = reallocarray(names->records, room, sizeof(*record));
		if (!record)
			return NULL;
		names->records = record;
		names->room = room;
	}
	record = &names->records[names->count++];
	*record = (struct at_event){
		.time_ns = like->time_ns,
		.process = like->process,
		.kind = kind,
	};
	return record;
}

static void add_text(struct names *names, const struct at_event *like, const char *text)
{
	size_t length = text ? strlen(text) : 0, piece;
	unsigned int last = text ? 0 : AT_TEXT_ABSENT;
	struct at_event *record;

	if (length > AT_TEXT_MAX) {
		length = AT_TEXT_MAX;
		last = AT_TEXT_CUT;
	}
	do {
		piece = length < AT_TEXT_PIECE ? length : AT_TEXT_PIECE;
		length -= piece;
		record = add_record(names, like, AT_TEXT);
		if (!record)
			return;
		record->flags = piece | (length ? AT_TEXT_MORE : last);
		if (piece)
			memcpy((char *)record + offsetof(struct at_event, subject), text, piece);
		text += piece;
	} while (length);
}

static void name(struct names *names, const struct at_event *event, const struct address *key)
{
	int (*find)(struct symbols * symbols, uint64_t address, struct symbol * ret) =
		key->kind == AT_PLACE ? symbols_find_call : symbols_find;
	struct at_event *record;
	struct symbol symbol;

	if (!names->symbols)
		names->symbols = open_symbols(names->target);
	if (!names->symbols || find(names->symbols, key->address, &symbol))
		return;
	add_text(names, event, symbol.name);
	add_text(names, event, symbol.file);
	record = add_record(names, event, key->kind);
	if (record) {
		record->subject = key->address;
		record->a = symbol.line;
	}
}

/*
 * The address that the record is the first to need, of a function or of a call; 0 if there is none.
 */
static struct address nameless(const struct at_event *event)
{
	struct address key = { .process = event->process, .kind = AT_FUNCTION };

	switch (event->kind) {
	case AT_SWITCH:
		if (AT_ID_TYPE(event->subject) == AT_CALLBACK)
			key.address = event->subject & AT_ID_NUMBER;
		return key;
	case AT_JOB_BEGIN:
		key.address = event->a;
		return key;
	}
	key.kind = AT_PLACE;
	if (event->kind == AT_TASK_CREATE)
		key.address = event->c;
	else if (event->kind == AT_TASK_CANCEL || event->kind == AT_WARNING)
		key.address = event->b;
	return key;
}

static void add_image(struct names *names, const struct at_event *like,
		      const struct target_image *image)
{
	char build_id[SYMBOLS_BUILD_ID_SIZE];
	struct at_event *record;
	struct stat file;

	if (fstat(image->fd, &file))
		return;
	add_text(names, like, image->path);
	add_text(names, like, symbols_build_id(build_id, image->fd));
	record = add_record(names, like, AT_IMAGE);
	if (!record)
		return;
	record->subject = image->bias;
	record->a = file.st_dev;
	record->b = file.st_ino;
}

/* What is traced: its title, the program, and what else of it has probes. */
static void begin(struct names *names, const struct at_event *like)
{
	const struct target *target = names->target;
	size_t i;

	if (names->title) {
		add_text(names, like, names->title);
		add_record(names, like, AT_TITLE);
	}
	add_image(names, like, &target->program);
	for (i = 0; i < target->image_count; i++) {
		if (!same_file(&target->images[i], &target->program))
			add_image(names, like, &target->images[i]);
	}
}

const struct at_event *names_of(struct names *names, const struct at_event *events, size_t n,
				size_t *count)
{
	size_t i;

	names->count = 0;
	if (n && !names->begun)
		begin(names, events);
	names->begun |= n > 0;
	for (i = 0; i < n; i++) {
		const struct address key = nameless(&events[i]);

		if (key.address && is_new(names, &key))
			name(names, &events[i], &key);
	}
	*count = names->count;
	return names->records;
}
