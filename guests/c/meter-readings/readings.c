#include "readings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ends a field at its comma and returns the rest; NULL if there is no comma. */
static char *split(char *field) {
  char *comma = strchr(field, ',');
  if (!comma) return NULL;
  *comma = '\0';
  return comma + 1;
}

const char *parse_reading(char *line, struct reading *reading) {
  char *end = strchr(line, '\n');
  if (!end) return "it is longer than a reading, or has no end";
  *end = '\0';
  char *hour = split(line);
  char *substance = hour ? split(hour) : NULL;
  char *milligrams = substance ? split(substance) : NULL;
  if (!milligrams || strchr(milligrams, ',')) return "expected four fields";
  if (!*line || strlen(line) >= NAME_BYTES) return "the name of the meter is empty or too long";
  if (strlen(substance) >= NAME_BYTES) return "the name of the substance is too long";
  strcpy(reading->meter, line);
  strcpy(reading->substance, substance);
  long number = strtol(hour, &end, 10);
  if (end == hour || *end || number < 0 || number > 23) return "the hour is no number from 0 to 23";
  reading->hour = (int)number;
  reading->milligrams = strtod(milligrams, &end);
  if (end == milligrams || *end || !isfinite(reading->milligrams) || reading->milligrams < 0)
    return "the reading is no number of milligrams";
  return NULL;
}
