/// What the other runs on a store hold.
struct OtherRuns: Sendable {
    private let leases: [LeaseName: Lease]
    private let now: Timestamp
    private let isGone: @Sendable (ProcessIdentity) -> Bool

    init(leases: [Lease], now: Timestamp, isGone: @escaping @Sendable (ProcessIdentity) -> Bool) {
        self.leases = Dictionary(leases.map { ($0.name, $0) }) { first, _ in first }
        self.now = now
        self.isGone = isGone
    }

    /// No other run is there.
    static let none = OtherRuns(leases: [], now: Timestamp(milliseconds: 0), isGone: { _ in false })

    /// Whether the run that wrote an operation down may still be at work, so that it will say what came of it.
    func areAtWork(on operation: Operation) -> Bool {
        operation.profileSet.flatMap { lease(on: $0) } != nil
    }

    /// The lease by which a run that may be at work holds a profile set.
    func lease(on profileSet: String) -> Lease? {
        leases[.profileSet(profileSet)].flatMap { $0.isLive(at: now, isGone: isGone) ? $0 : nil }
    }
}
