/* Says in one line what this micro-app is for. */

#include "guest.h"

bool exports_guest_run(guest_string_t *ret, guest_string_t *err) {
  (void)err;
  fractal_app_audit_log_audit_entry_t entry;
  guest_string_set(&entry.event_type, "app-started");
  guest_string_set(&entry.resource, "{name}");
  guest_string_set(&entry.detail, "First run");
  fractal_app_audit_log_record_event(&entry);
  guest_string_dup(ret, "Hello from {name}!");
  return true;
}
