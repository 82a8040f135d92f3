extension Complaint {
    /// What kind of thing is wrong; the names are stable.
    public enum Rule: String, CaseIterable, Codable, Sendable {
        /// A path that is missing, empty of manifests, or cannot be read.
        case unreadable
        /// No YAML, or no CSV.
        case syntax
        /// More than is read.
        case limit
        case unknownKey = "unknown-key"
        case missingValue = "missing-value"
        case invalidValue = "invalid-value"
        /// A key, a name or a device twice.
        case repetition
        /// Declarations that cannot hold together.
        case conflict
        /// An EID or ICCID whose length or check digits do not fit.
        case checkDigits = "check-digits"
        /// A profile set without devices.
        case emptySet = "empty-set"

        /// What it is about, as a sentence.
        public var summary: String {
            switch self {
            case .unreadable: "A manifest that is named can be read."
            case .syntax: "Manifests are well-formed YAML or CSV."
            case .limit: "Manifests stay within what is read."
            case .unknownKey: "Only known keys and columns are used."
            case .missingValue: "Every value that is needed is there."
            case .invalidValue: "Every value is of the form that is expected."
            case .repetition: "Keys, names of sets, and devices stand once."
            case .conflict:
                "No two declarations contradict each other: one state and one set for a device, one EID for an ICCID, "
                    + "one enabled profile on an EID."
            case .emptySet: "Every profile set has devices."
            case .checkDigits: "Lengths and check digits of EIDs and ICCIDs fit."
            }
        }
    }
}
