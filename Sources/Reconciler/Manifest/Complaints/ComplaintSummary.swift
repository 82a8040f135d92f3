/// Complaints as people read them: of one kind at most twenty, with the number of the rest.
public struct ComplaintSummary {
    /// What makes two complaints the same kind: the same is expected in another place.
    private struct Kind: Hashable {
        let severity: Complaint.Severity
        let rule: Complaint.Rule
        let expected: String
    }

    private static let kindLimit = 20

    /// Those that are shown, in their order.
    public let shown: [Complaint]
    /// A sentence for each kind of which some are left out.
    public let rests: [String]

    public init(_ complaints: [Complaint]) {
        var counts: [Kind: Int] = [:]
        var order: [Kind] = []
        var shown: [Complaint] = []
        for complaint in complaints {
            let kind = Kind(severity: complaint.severity, rule: complaint.rule, expected: complaint.expected)
            let count = counts[kind, default: 0] + 1
            counts[kind] = count
            if count == 1 { order.append(kind) }
            if count <= Self.kindLimit { shown.append(complaint) }
        }
        self.shown = shown
        rests = order.compactMap { kind in
            guard let count = counts[kind], count > Self.kindLimit else { return nil }
            return "... and \(counted(count - Self.kindLimit, "further \(kind.severity.rawValue)")) of the kind "
                + "\(kind.rule.rawValue), expected \(kind.expected)"
        }
    }

    /// As text without colours.
    var lines: [String] { shown.map(\.text) + rests }
}
