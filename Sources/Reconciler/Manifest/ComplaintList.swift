/// Collects complaints, and counts those beyond the limit.
struct ComplaintList: Sendable {
    private(set) var complaints: [Complaint] = []
    private(set) var errorCount = 0
    private(set) var warningCount = 0
    private let limit: Int
    private let isStrict: Bool

    init(limit: Int, isStrict: Bool) {
        self.limit = limit
        self.isStrict = isStrict
    }

    mutating func add(_ complaint: Complaint) {
        if complaint.severity == .error { errorCount += 1 } else { warningCount += 1 }
        // Errors matter more than warnings when there are too many.
        if complaints.count < limit {
            complaints.append(complaint)
        } else if complaint.severity == .error, let index = complaints.lastIndex(where: { $0.severity == .warning }) {
            complaints[index] = complaint
        }
    }

    /// A warning, or an error where warnings are to be errors.
    mutating func addWarning(
        at place: SourcePlace, path: String, found: String, expected: String, hint: String? = nil,
        related: SourcePlace? = nil
    ) {
        add(
            Complaint(
                isStrict ? .error : .warning, at: place, path: path, found: found, expected: expected, hint: hint,
                related: related))
    }

    mutating func addExcerpts(from text: (SourcePlace) -> SourceExcerpt?) {
        for index in complaints.indices where complaints[index].excerpt == nil {
            complaints[index].excerpt = complaints[index].place.flatMap(text)
        }
        complaints.sort { left, right in
            guard let a = left.place, let b = right.place else { return left.place == nil && right.place != nil }
            return (a.file, a.line, a.column) < (b.file, b.line, b.column)
        }
    }

    var leftOut: Int { errorCount + warningCount - complaints.count }
}
