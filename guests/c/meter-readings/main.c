/* Checks the hourly readings of emission meters against the limits of the permit. Standard input is the data logger's
 * CSV file: `meter,hour,substance,milligrams_per_cubic_metre`. A reading over its limit is recorded, and so is an hour
 * that a meter has left out, because a gap may hide an excess. A line that is no reading ends the run. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "readings.h"

#define METERS 16

/* A limit of the permit. Twice the limit in a single hour must be reported at once. */
struct limit {
  const char *substance;
  double milligrams;
};

static const struct limit LIMITS[] = {{"dust", 10.0}, {"NOx", 200.0}, {"SO2", 50.0}};

/* What is known of one meter. */
struct meter {
  char name[NAME_BYTES];
  int last_hour;
  unsigned over, missing;
};

static struct meter meters[METERS];
static size_t meter_count;

static void record(const char *event, const char *meter, const char *format, ...) {
  char detail[160];
  va_list values;
  va_start(values, format);
  vsnprintf(detail, sizeof detail, format, values);
  va_end(values);
  fractal_app_audit_log_audit_entry_t entry;
  guest_string_set(&entry.event_type, event);
  guest_string_set(&entry.resource, meter);
  guest_string_set(&entry.detail, detail);
  fractal_app_audit_log_record_event(&entry);
}

/* The meter with this name; NULL if there are too many. */
static struct meter *find(const char *name) {
  for (size_t i = 0; i < meter_count; i++)
    if (strcmp(meters[i].name, name) == 0) return &meters[i];
  if (meter_count == METERS) return NULL;
  struct meter *meter = &meters[meter_count++];
  strcpy(meter->name, name);
  meter->last_hour = -1;
  return meter;
}

static const struct limit *limit_of(const char *substance) {
  for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
    if (strcmp(LIMITS[i].substance, substance) == 0) return &LIMITS[i];
  return NULL;
}

static void check(struct meter *meter, const struct reading *reading, const struct limit *limit) {
  for (int hour = meter->last_hour + 1; hour < reading->hour; hour++) {
    meter->missing++;
    record("reading-missing", meter->name, "no reading of %s at %02d:00", reading->substance, hour);
  }
  meter->last_hour = reading->hour;
  if (reading->milligrams <= limit->milligrams) return;
  meter->over++;
  record(reading->milligrams > 2 * limit->milligrams ? "limit-exceeded-twofold" : "limit-exceeded", meter->name,
         "%s at %02d:00: %.1f mg/m³, limit %.1f", reading->substance, reading->hour, reading->milligrams,
         limit->milligrams);
}

static bool fail(guest_string_t *err, unsigned line, const char *why) {
  char text[160];
  snprintf(text, sizeof text, "line %u: %s", line, why);
  guest_string_dup(err, text);
  return false;
}

bool exports_guest_run(guest_string_t *ret, guest_string_t *err) {
  char line[LINE_BYTES];
  unsigned count = 0, over = 0, missing = 0;
  if (!fgets(line, sizeof line, stdin) || strcmp(line, HEADING "\n") != 0) return fail(err, 1, "expected the heading " HEADING);
  for (unsigned number = 2; fgets(line, sizeof line, stdin); number++) {
    struct reading reading;
    const char *why = parse_reading(line, &reading);
    if (why) return fail(err, number, why);
    const struct limit *limit = limit_of(reading.substance);
    if (!limit) return fail(err, number, "the permit has no limit for this substance");
    struct meter *meter = find(reading.meter);
    if (!meter) return fail(err, number, "there are more meters than the permit has");
    if (reading.hour <= meter->last_hour) return fail(err, number, "the hours of a meter go up");
    check(meter, &reading, limit);
    count++;
  }
  for (size_t i = 0; i < meter_count; i++) over += meters[i].over, missing += meters[i].missing;
  char text[128];
  snprintf(text, sizeof text, "%u readings of %zu meters: %u over the limit, %u missing", count, meter_count, over,
           missing);
  guest_string_dup(ret, text);
  return true;
}
