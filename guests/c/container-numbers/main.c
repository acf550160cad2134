/* Checks the numbers of freight containers. It is a part of other guests and cannot be run: see `wit/freight.wit` for what
 * it exports, and `customs-entry` and `gate-log` for who uses it. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

/* Three letters of the owner, one of the category, six digits, and the check digit. */
#define OWNER 3
#define LETTERS 4
#define NUMBER 11

typedef exports_acme_freight_containers_container_t container_t;

/* The value of a character. The letters count from 10 and leave out the multiples of 11. */
static int value(char c) {
  if (isdigit((unsigned char)c)) return c - '0';
  int letter = c - 'A';
  return 10 + letter + (letter + 9) / 10;
}

/* The digit that follows the first ten characters. */
static int check_digit(const char *number) {
  int sum = 0;
  for (int i = 0; i < NUMBER - 1; i++) sum += value(number[i]) << i;
  return sum % 11 % 10;
}

/* Copies the text without blanks. Returns NULL, or why it is no number. */
static const char *read(const guest_string_t *text, char number[NUMBER + 1]) {
  size_t length = 0;
  for (size_t i = 0; i < text->len; i++) {
    char c = (char)text->ptr[i];
    if (c == ' ') continue;
    if (length == NUMBER) return "it has more than 11 characters";
    if (length < LETTERS ? c < 'A' || c > 'Z' : !isdigit((unsigned char)c)) return "expected 4 capital letters and 7 digits";
    number[length++] = c;
  }
  number[length] = '\0';
  return length < NUMBER ? "it has fewer than 11 characters" : NULL;
}

static bool category(char letter, exports_acme_freight_containers_category_t *category) {
  switch (letter) {
    case 'U': *category = EXPORTS_ACME_FREIGHT_CONTAINERS_CATEGORY_FREIGHT; return true;
    case 'J': *category = EXPORTS_ACME_FREIGHT_CONTAINERS_CATEGORY_DETACHABLE; return true;
    case 'Z': *category = EXPORTS_ACME_FREIGHT_CONTAINERS_CATEGORY_TRAILER; return true;
    default: return false;
  }
}

static bool fail(guest_string_t *text, guest_string_t *err, const char *why) {
  char message[160];
  snprintf(message, sizeof message, "`%.*s` is no container: %s", text->len < 32 ? (int)text->len : 32, (char *)text->ptr, why);
  guest_string_dup(err, message);
  guest_string_free(text);
  return false;
}

bool exports_acme_freight_containers_check(guest_string_t *text, container_t *ret, guest_string_t *err) {
  char number[NUMBER + 1];
  const char *why = read(text, number);
  if (why) return fail(text, err, why);
  if (!category(number[OWNER], &ret->category)) return fail(text, err, "its fourth letter is not U, J or Z");
  int expected = check_digit(number);
  if (number[NUMBER - 1] != '0' + expected) {
    char wrong[48];
    snprintf(wrong, sizeof wrong, "its check digit is %c, expected %d", number[NUMBER - 1], expected);
    return fail(text, err, wrong);
  }
  guest_string_free(text);
  guest_string_dup(&ret->number, number);
  number[OWNER] = '\0';
  guest_string_dup(&ret->owner, number);
  return true;
}
