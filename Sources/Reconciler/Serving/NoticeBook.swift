/// Says of which findings people are to be told: pure. What lasts is told once; numbers that grow, and what is wrong in
/// another way, are told again after a while, or at once where it is of what people have written themselves.
struct NoticeBook: Sendable {
    private let interval: Duration
    /// The manifests of the controller that tells.
    private let origin: String?
    private var told: [Notice.Identity: ToldNotice] = [:]
    /// When what could not be delivered was tried last.
    private var missed: [Notice.Identity: Timestamp] = [:]
    private var unsaved: [Notice.Identity: ToldNotice] = [:]
    private var unforgotten: [Notice.Identity: ToldNotice] = [:]

    /// What could not be delivered is tried again so much later.
    private static let longestRetry = Duration.seconds(60)

    /// - Parameters:
    ///   - interval: the least time between two notices about the same.
    ///   - origin: the manifests of the controller that tells.
    init(interval: Duration, origin: String? = nil) {
        self.origin = origin
        self.interval = interval
    }

    /// How often it is worth a look although nothing has changed.
    var retryInterval: Duration { min(interval, Self.longestRetry) }

    // MARK: What is to be told

    /// What is to be told now; what was tried and not delivered comes last.
    func due(_ findings: Findings, at now: Timestamp) -> [Notice] {
        findings.all.compactMap(\.notice).filter { isDue($0, at: now) }.sorted { left, right in
            (missed[left.identity] ?? .distantPast, left.kind.rawValue, left.identity.subject)
                < (missed[right.identity] ?? .distantPast, right.kind.rawValue, right.identity.subject)
        }
    }

    private func isDue(_ notice: Notice, at now: Timestamp) -> Bool {
        if let time = missed[notice.identity], now < time + retryInterval { return false }
        guard let before = told[notice.identity] else { return true }
        let isOther = notice.condition != before.condition
        if isOther, notice.kind.isOfManifests { return true }
        return (isOther || notice.kind.isCounted && notice.devices > before.devices) && before.at + interval <= now
    }

    func hasTold(_ notice: Notice) -> Bool { told[notice.identity]?.condition == notice.condition }

    // MARK: What came of it

    mutating func tell(_ notice: Notice) {
        // By the time at which it was so: it may have ended while it was being told.
        let telling = ToldNotice(
            kind: notice.kind.rawValue, subject: notice.identity.subject, condition: notice.condition,
            devices: notice.devices, at: notice.at, origin: origin)
        told[notice.identity] = telling
        unsaved[notice.identity] = telling
        unforgotten[notice.identity] = nil
        missed[notice.identity] = nil
    }

    mutating func miss(_ notice: Notice, at now: Timestamp) { missed[notice.identity] = now }

    /// Whether something was told of which it is known by now that it is over.
    func knowsOfEnds(_ findings: Findings) -> Bool {
        findings.all.contains { isOver($0) } || !withoutSubject(findings).isEmpty
    }

    /// Forgets what is over: it may come again, and is told then.
    mutating func forgetEnds(_ findings: Findings) {
        for finding in findings.all where finding.notice == nil { missed[finding.identity] = nil }
        for finding in findings.all where isOver(finding) {
            unforgotten[finding.identity] = told.removeValue(forKey: finding.identity)
            unsaved[finding.identity] = nil
        }
        for identity in withoutSubject(findings) {
            unforgotten[identity] = told.removeValue(forKey: identity)
            unsaved[identity] = nil
        }
        missed = missed.filter { findings.lookedAt == nil || findings.subjects.contains($0.key) }
    }

    /// What was told of a set or an account that is gone. Controllers of other manifests on the store know better of theirs.
    private func withoutSubject(_ findings: Findings) -> [Notice.Identity] {
        guard let lookedAt = findings.lookedAt else { return [] }
        return told.filter { identity, notice in
            !identity.kind.isOfManifests && !findings.subjects.contains(identity) && notice.at <= lookedAt
                && (notice.origin == nil || notice.origin == findings.origin)
        }.map(\.key)
    }

    /// What was learnt before it was told says nothing of its end: another process may know better.
    private func isOver(_ finding: Finding) -> Bool {
        guard finding.notice == nil, let before = told[finding.identity] else { return false }
        return before.at <= finding.asOf
    }

    // MARK: What is kept of it

    /// What is not written down yet.
    var changes: (told: [ToldNotice], over: [ToldNotice]) { (Array(unsaved.values), Array(unforgotten.values)) }

    mutating func wroteChanges() {
        unsaved = [:]
        unforgotten = [:]
    }

    /// Takes in what is written down, by other processes as well.
    mutating func learn(_ kept: [ToldNotice]) {
        told = [:]
        for notice in kept {
            guard let kind = Notice.Kind(rawValue: notice.kind) else { continue }
            let identity = Notice.Identity(kind: kind, subject: notice.subject)
            if let over = unforgotten[identity], notice.at <= over.at { continue }
            told[identity] = notice
        }
        told.merge(unsaved) { $1 }
    }
}
