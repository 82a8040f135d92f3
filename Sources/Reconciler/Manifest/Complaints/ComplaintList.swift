/// Collects complaints, and counts those beyond the limit.
struct ComplaintList: Sendable {
    private(set) var complaints: [Complaint] = []
    private(set) var errorCount = 0
    private(set) var warningCount = 0
    private var keptWarnings = 0
    private let limit: Int
    private let isStrict: Bool

    init(limit: Int, isStrict: Bool) {
        self.limit = limit
        self.isStrict = isStrict
    }

    /// An empty list with the same rules.
    var emptied: ComplaintList { ComplaintList(limit: limit, isStrict: isStrict) }

    /// How many complaints were counted and not kept.
    var leftOut: Int { errorCount + warningCount - complaints.count }

    mutating func add(_ complaint: Complaint) {
        if complaint.severity == .error { errorCount += 1 } else { warningCount += 1 }
        keep(complaint)
    }

    /// A warning, or an error where warnings are to be errors. It is only put together if there is room for it.
    mutating func warn(_ complaint: (Complaint.Severity) -> Complaint) {
        if isStrict { errorCount += 1 } else { warningCount += 1 }
        guard complaints.count < limit || isStrict && keptWarnings > 0 else { return }
        keep(complaint(isStrict ? .error : .warning))
    }

    /// Adds the complaints of a part of a list that `lines` lines and `devices` devices stand before.
    mutating func add(_ part: ComplaintList, behindLines lines: Int = 0, devices: Int = 0) {
        errorCount += part.errorCount
        warningCount += part.warningCount
        for complaint in part.complaints { keep(complaint.movedBehind(lines: lines, devices: devices)) }
    }

    /// Errors matter more than warnings when there are too many.
    private mutating func keep(_ complaint: Complaint) {
        if complaints.count < limit {
            complaints.append(complaint)
            if complaint.severity == .warning { keptWarnings += 1 }
        } else if complaint.severity == .error, keptWarnings > 0,
            let index = complaints.lastIndex(where: { $0.severity == .warning })
        {
            complaints[index] = complaint
            keptWarnings -= 1
        }
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
}
