/* One line of the data logger's file. */

#ifndef READINGS_H
#define READINGS_H

#define NAME_BYTES 24
#define LINE_BYTES 128
#define HEADING "meter,hour,substance,milligrams_per_cubic_metre"

struct reading {
  char meter[NAME_BYTES];
  char substance[NAME_BYTES];
  int hour;
  double milligrams;
};

/* Reads a line. Returns NULL, or why it is no reading. The line is changed. */
const char *parse_reading(char *line, struct reading *reading);

#endif
