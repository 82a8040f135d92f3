/// The YAML of manifests: its keys, for the decoders, and its JSON Schema, for editors.
public enum ManifestShape {
    /// The JSON Schema of one document, draft 07: the newest that yaml-language-server knows in full.
    public static let schema: SchemaValue = document.schema.adding([
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "profilectl profile set",
        "description": """
        A set of eSIM devices with the profile state that each must have. What a schema cannot tell (duplicates over \
        several files, check digits, CSV files) `profilectl validate` does.
        """,
        "allOf": .list(["state", "accountName", "smsrOid"].map(isSetSomewhere)),
    ])

    static let document = MappingShape([
        .required("apiVersion", .words([ManifestDocument.apiVersion]), "The version of this format."),
        .required("kind", .words([ManifestDocument.kind]), "What the document declares."),
        .required("metadata", .mapping(metadata), "What the set is called, and labels of all its devices."),
        .optional(
            "defaults", .mapping(defaults), "Values of all devices of the set that do not say otherwise.",
            mayBeEmpty: true),
        .optional("devices", .list(.mapping(device)), "The devices, one entry for each profile.", mayBeEmpty: true),
        .optional("devicesFrom", .list(.mapping(table)), "Tables that hold further devices.", mayBeEmpty: true),
        .optional("rollout", .mapping(rollout), "How a change of this set is let out.", mayBeEmpty: true),
        .optional(
            "drift", .words(DriftPolicy.allCases.map(\.rawValue)),
            """
            What `profilectl serve` does when a device moves away from the state that it had reached: take it back by \
            the roll-out policy (correct, the default), show it and tell of it (report), or take no notice (off).
            """),
    ])

    static let metadata = MappingShape([
        .required(
            "name", .text(pattern: "^[A-Za-z0-9._-]{1,253}$"),
            "The name of the set, unique across the fleet: letters, digits, dots, dashes.",
            examples: ["phoenix-meters"]),
        labels("Labels of all devices of the set."),
    ])

    static let defaults = MappingShape([accountName, smsrOid, state, labels("Labels of all devices of the set.")])

    static let device = MappingShape([
        .required(
            "eid", .digits(1...EID.maximumDigits),
            "The eUICC: 32 digits, as they are written (leading zeros count). Quote them, for other tools.",
            examples: ["89049032000000000000000004100062"]),
        .required(
            "iccid", .digits(1...ICCID.maximumDigits), "The profile: 19 or 20 digits, as they are written.",
            examples: ["89148000000001204008"]),
        .optional(
            "imei", .digits(14...16), "The modem: 14 to 16 digits. Some callbacks name a device by IMEI and EID only.",
            examples: ["356938030001003"]),
        state, accountName, smsrOid, labels("Labels of the device; they win over those of the set."),
    ])

    static let table = MappingShape([
        .required(
            "csv", .text(),
            """
            The path of a CSV file, relative to this one. Its first line names the columns, in any order: eid and \
            iccid, and if need be imei, state, accountName, smsrOid, and label:KEY for a label. An empty field leaves \
            the value to the defaults.
            """,
            examples: ["inventory/phoenix.csv"])
    ])

    static let rollout = MappingShape([
        .optional(
            "batchSize", .whole(1...200), "Devices in one request, 1 to 200 (the most that the carrier allows).",
            examples: [100]),
        .optional(
            "maxInFlight", .whole(1...1_000_000), "Devices whose callback is awaited at the same time.",
            examples: [1000]),
        .optional("requestsPerSecond", .positive(atMost: 10_000), "Requests a second for an account.", examples: [5]),
        .optional(
            "waves", .list(.either(.amount, .mapping(labelWave))),
            """
            How a change goes out: devices with certain labels, or how much of it has been let out after the wave, in \
            growing shares or numbers of devices. A wave starts when the one before has landed.
            """,
            mayBeEmpty: true, examples: [[["labels": ["site": "lab"]], "1%", "10%", "100%"]]),
        .optional(
            "windows", .list(.mapping(window), isNeverEmpty: true),
            "When devices may be changed; at any time without it. At least one.",
            examples: [[["days": ["mon-fri"], "from": "22:00", "to": "04:00", "timeZone": "America/Phoenix"]]]),
        .optional(
            "abortWhen", .mapping(abortRule), "When a roll-out is given up.", mayBeEmpty: true,
            examples: [["failed": "5%", "atLeast": 20]]),
        .optional(
            "maxChange", .percent,
            """
            The share of the devices whose profile is known to be there that may change at once; more needs \
            --allow-large-change. First downloads do not count.
            """,
            examples: ["30%"]),
    ])

    static let labelWave = MappingShape([
        .required(
            "labels", .someLabels, "The labels of the devices that go first, each with all profiles of its card.",
            examples: [["site": "lab"]])
    ])

    static let window = MappingShape(
        [
            .optional(
                "days", .list(.form(weekdays), isNeverEmpty: true),
                "Days on which it opens, and ranges of them; every day without it.", examples: [["mon-fri", "sun"]]),
            .optional(
                "from", .form("^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"),
                "When it opens, by the clocks of its zone; quote it.", examples: ["22:00"]),
            .optional(
                "to", .form("^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
                "When it closes, on the next day if that is before `from`; quote it.", examples: ["04:00"]),
            .optional(
                "timeZone", .form("^(?:UTC|(?:\(areas))/[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)?)$"),
                "The IANA name of its time zone; UTC without it.", examples: ["America/Phoenix"]),
        ], together: ["from", "to"], someOf: ["days", "from"])

    /// The first parts of the names of time zones.
    private static let areas =
        "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US"

    private static let weekdays: String = {
        let day = "(?:" + MaintenanceWindow.Weekday.allCases.map(\.name).joined(separator: "|") + ")"
        return "^\(day)(?:-\(day))?$"
    }()

    static let abortRule = MappingShape([
        .required(
            "failed", .amount, "Give up when more of the devices that were let out have failed, are held or blocked.",
            examples: ["5%", 20]),
        .optional("atLeast", .whole(ValueShape.counts), "Failures that there must be at least.", examples: [20]),
    ])

    // MARK: Values that recur

    private static let state = MappingShape.Member.optional(
        "state", .words(DeviceValues.stateWords), "The profile state that the device must have.")

    private static let accountName = MappingShape.Member.optional(
        "accountName", .text(pattern: #"^[^'<\\\x00-\x20\x7f]{1,200}$"#),
        "The billing account, as the carrier spells it; leading zeros count.", examples: ["0342077109-00001"])

    private static let smsrOid = MappingShape.Member.optional(
        "smsrOid", .objectIdentifier, "The SM-SR that manages the eUICC: its object identifier in dotted form.",
        examples: ["1.3.6.1.4.1.31746.1.500.200.101.5"])

    private static func labels(_ description: String) -> MappingShape.Member {
        .optional("labels", .labels, description, mayBeEmpty: true, examples: [["site": "phoenix-7"]])
    }

    /// What each device must have is set by the defaults or by each of the devices.
    private static func isSetSomewhere(_ key: String) -> SchemaValue {
        [
            "anyOf": [
                ["required": ["defaults"], "properties": ["defaults": ["type": "object", "required": [.text(key)]]]],
                ["properties": ["devices": ["items": ["required": [.text(key)]]]]],
            ]
        ]
    }
}
