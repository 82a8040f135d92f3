/// The actions of a plan, or of one of its accounts, by the values of one label.
public struct LabelBreakdown: Sendable {
    public struct Part: Sendable {
        /// `nil` for devices without the label.
        public let value: String?
        public let actions: [ProfileAction: Int]
    }

    public let label: String
    /// The largest first; devices without the label come last.
    public let parts: [Part]

    /// The breakdowns that tell something: those by labels of which not all devices have the same value.
    static func all(
        of actions: [ProfileAction: Int], by labels: [String: [String: [ProfileAction: Int]]]
    ) -> [LabelBreakdown] {
        labels.sorted { $0.key < $1.key }.compactMap { label, values in
            var parts = values.map { Part(value: $0.key, actions: $0.value) }
            parts.sort { ($1.actions.total, $0.value ?? "") < ($0.actions.total, $1.value ?? "") }
            var rest = actions
            for part in parts { rest.merge(part.actions, uniquingKeysWith: -) }
            rest = rest.filter { $0.value > 0 }
            if !rest.isEmpty { parts.append(Part(value: nil, actions: rest)) }
            return parts.count > 1 ? LabelBreakdown(label: label, parts: parts) : nil
        }
    }
}

extension PlanSummary {
    /// By each label that tells devices apart, in the order of their names.
    public var breakdowns: [LabelBreakdown] { LabelBreakdown.all(of: actions, by: labels) }
}

extension PlanSummary.Account {
    /// By each label that tells devices apart, in the order of their names.
    public var breakdowns: [LabelBreakdown] { LabelBreakdown.all(of: actions, by: labels) }
}
