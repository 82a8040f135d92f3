# What a plan must not do, for conftest:
#
#   profilectl plan fleet/ --format json > plan.json
#   conftest test plan.json --policy examples/policy
#
# The document is described in docs/plan-json.md. plan.jq holds the same rules for jq.
package main

import rego.v1

deny contains message if {
	input.formatVersion != 1
	message := sprintf("formatVersion %v is not known to this policy", [input.formatVersion])
}

# More of a set would change than its rollout.maxChange allows.
deny contains message if {
	some message in input.summary.largeChanges
}

# Lines that people depend on are switched off by a person, not by a merge.
deny contains message if {
	some action in input.actions
	action.action == "disable"
	action.labels.critical == "true"
	message := sprintf("%s/%s is labelled critical and would be disabled", [action.eid, action.iccid])
}

# A device that has failed before is looked at before it is tried again.
deny contains message if {
	some action in input.actions
	action.attempt > 3
	message := sprintf("%s/%s would be tried for the %d. time", [action.eid, action.iccid, action.attempt])
}

warn contains message if {
	input.summary.drift > 0
	message := sprintf("%d devices left a state that they had reached: somebody else changes them", [input.summary.drift])
}
