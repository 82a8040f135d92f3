import Reconciler

/// A search for devices as a URL spells it.
struct DeviceSearch: Sendable {
    static let parameters: Set<String> = ["search", "standing", "cursor", "limit"]
    static let limits = 1...1000
    static let usualLimit = 100

    /// As it was typed.
    let text: String
    let query: DeviceQuery

    /// What a program asks for.
    /// - Throws: `Refusal` that says what cannot be searched for.
    init(_ parameters: QueryParameters) throws(Refusal) {
        try self.init(parameters, digits: parameters["search"], standing: parameters["standing"], Self.usualLimit)
    }

    /// What a person has typed, who leaves fields empty, and copies identifiers with spaces and dashes in them.
    /// - Parameter limit: how many devices are shown at a time.
    /// - Throws: `Refusal` that says what cannot be searched for.
    init(typed parameters: QueryParameters, limit: Int) throws(Refusal) {
        let digits = parameters["search"]?.filter { $0 != " " && $0 != "-" }
        let standing = parameters["standing"]
        try self.init(
            parameters, digits: digits?.isEmpty == true ? nil : digits,
            standing: standing?.isEmpty == true ? nil : standing, limit)
    }

    private init(
        _ parameters: QueryParameters, digits: String?, standing: String?, _ limit: Int
    ) throws(Refusal) {
        text = parameters["search"] ?? ""
        var query = DeviceQuery(limit: limit)
        if let digits {
            guard let prefix = DigitPrefix(digits) else {
                throw .badRequest(
                    "`search` takes the first digits of an EID, an ICCID or an IMEI: 1 to \(EID.maximumDigits) digits.")
            }
            query.prefix = prefix
        }
        if let word = standing {
            guard let standing = DeviceQuery.Standing(rawValue: word) else {
                let known = DeviceQuery.Standing.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badRequest("`standing` takes one of \(known).")
            }
            query.standing = standing
        }
        if let cursor = parameters["cursor"] {
            guard let position = DevicePosition(cursor) else {
                throw .badRequest("`cursor` takes what the page before gave as `next`.")
            }
            query.after = position
        }
        if let text = parameters["limit"] {
            guard let limit = Int(text), Self.limits ~= limit else {
                throw .badRequest("`limit` takes a number from \(Self.limits.lowerBound) to \(Self.limits.upperBound).")
            }
            query.limit = limit
        }
        self.query = query
    }
}
