/// The desired fleet as it was last read without an error: a broken change is told, and the fleet before it stays.
public struct ManifestBook: Sendable {
    /// Why the latest revision is not in use.
    public struct Problem: Hashable, Sendable {
        public let at: Timestamp
        public let commit: String?
        /// Sentences, one a line.
        public let text: String
    }

    private let origin: any ManifestOrigin
    private let isStrict: Bool
    private let clock: any WallClock
    /// The one that was seen last and is not read yet: files may be in the middle of being written.
    private var unsettled: String?
    /// The one that was read last, whatever came of it.
    private var read: String?

    /// `nil` until a revision was read without an error.
    public private(set) var fleet: DesiredFleet?
    /// The revision that the fleet was read from.
    public private(set) var revision: ManifestRevision?
    public private(set) var loadedAt: Timestamp?
    public private(set) var problem: Problem?

    /// - Parameter isStrict: whether warnings are errors.
    public init(origin: any ManifestOrigin, isStrict: Bool, clock: any WallClock) {
        self.origin = origin
        self.isStrict = isStrict
        self.clock = clock
    }

    /// Looks at the origin, and reads what has changed once it has stopped changing.
    /// - Returns: whether the fleet or the problem is another one than before.
    public mutating func update() async -> Bool {
        let before = problem?.text
        let found: ManifestRevision
        do {
            found = try await origin.look(also: fleet?.files ?? [])
        } catch {
            note("\(error)", nil)
            return problem?.text != before
        }
        guard found.fingerprint != read else {
            unsettled = nil
            return false
        }
        // The first fleet is waited for; afterwards there is time to let a change come to an end.
        guard found.isSettled || fleet == nil || unsettled == found.fingerprint else {
            unsettled = found.fingerprint
            return false
        }
        unsettled = nil
        let loaded = await ManifestLoader(isStrict: isStrict, standardInput: { .init() }).load(found.paths)
        read = found.fingerprint
        if loaded.hasErrors {
            note(loaded.complaints.filter { $0.severity == .error }.map(\.text).joined(separator: "\n"), found.commit)
            return problem?.text != before
        }
        fleet = loaded.fleet
        revision = found
        loadedAt = clock.now()
        problem = nil
        return true
    }

    private mutating func note(_ text: String, _ commit: String?) {
        if problem?.text != text { problem = Problem(at: clock.now(), commit: commit, text: text) }
    }
}
