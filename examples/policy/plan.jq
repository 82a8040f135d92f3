# What a plan must not do, for jq 1.6 or later:
#
#   profilectl plan fleet/ --format json | jq --raw-output --from-file examples/policy/plan.jq
#
# Says it on stderr and ends with exit code 1. The document is described in docs/plan-json.md. plan.rego holds the same
# rules for conftest.
[
  (select(.formatVersion != 1) | "formatVersion \(.formatVersion) is not known to this policy"),

  # More of a set would change than its rollout.maxChange allows.
  .summary.largeChanges[],

  # Lines that people depend on are switched off by a person, not by a merge.
  (.actions[] | select(.action == "disable" and .labels.critical == "true")
    | "\(.eid)/\(.iccid) is labelled critical and would be disabled"),

  # A device that has failed before is looked at before it is tried again.
  (.actions[] | select(.attempt > 3) | "\(.eid)/\(.iccid) would be tried for the \(.attempt). time")
]
| if length == 0 then "The plan keeps to the policy." else join("\n") + "\n" | halt_error(1) end
