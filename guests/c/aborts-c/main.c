/* What a fault in the guest's own code looks like in a report: it records one entry, and then an assertion fails. */

#include <assert.h>
#include <stddef.h>

#include "guest.h"

static const char *holder(const char *licence) {
  assert(licence != NULL);
  return licence;
}

bool exports_guest_run(guest_string_t *ret, guest_string_t *err) {
  (void)err;
  fractal_app_audit_log_audit_entry_t entry;
  guest_string_set(&entry.event_type, "app-started");
  guest_string_set(&entry.resource, "aborts-c");
  guest_string_set(&entry.detail, "before the fault");
  fractal_app_audit_log_record_event(&entry);
  guest_string_dup(ret, holder(NULL));
  return true;
}
