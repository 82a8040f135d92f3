/// The desired fleet as it was last read without an error: a broken change is told, and the fleet before it stays.
public struct ManifestBook: Sendable {
    /// Why the latest revision is not in use.
    public struct Problem: Hashable, Sendable {
        public let at: Timestamp
        public let commit: String?
        /// Sentences, one a line.
        public let text: String
        /// What is wrong, in words that stay the same when only the place of it moves.
        let condition: String
    }

    /// How long it takes until files are looked for again that could not be read: nothing tells when they appear.
    private static let retryDelay = Duration.seconds(60)

    private let origin: any ManifestOrigin
    private let isStrict: Bool
    private let clock: any WallClock
    /// The one that was seen last and is not read yet: files may be in the middle of being written.
    private var unsettled: String?
    /// The one that was read last, whatever came of it.
    private var read: String?
    /// When that is to be read once more although it has not changed.
    private var retryAt: Timestamp?
    /// Why it cannot be told what the latest revision is.
    private var outOfReach: Problem?
    /// Why the latest revision cannot be used.
    private var broken: Problem?

    /// `nil` until a revision was read without an error.
    public private(set) var fleet: DesiredFleet?
    /// The revision that the fleet was read from.
    public private(set) var revision: ManifestRevision?
    public private(set) var loadedAt: Timestamp?
    /// How many fleets it has had: another one is another number, also where the revision is the same.
    public private(set) var generation = 0
    public var problem: Problem? { outOfReach ?? broken }
    /// What the last reading depended on, whatever came of it: a repair is noticed wherever it is made.
    private var lastFiles: [String] = []

    /// - Parameter isStrict: whether warnings are errors.
    public init(origin: any ManifestOrigin, isStrict: Bool, clock: any WallClock) {
        self.origin = origin
        self.isStrict = isStrict
        self.clock = clock
    }

    /// Looks at the origin, and reads what has changed once it has stopped changing.
    ///
    /// - Parameter readsAgain: whether a person asks for it: everything is read, whether it looks changed or not.
    /// - Returns: whether the fleet or the problem is another one than before.
    public mutating func update(readsAgain: Bool = false) async -> Bool {
        let before = problem?.text
        let found: ManifestRevision
        do {
            found = try await origin.look(also: watchedFiles)
            outOfReach = found.doubt.map {
                problem($0.description, "out of reach: \($0.condition)", revision: nil, after: outOfReach)
            }
        } catch {
            let condition = (error as? ManifestsOutOfReach)?.condition ?? ""
            outOfReach = problem("\(error)", "out of reach: \(condition)", revision: nil, after: outOfReach)
            return problem?.text != before
        }
        guard readsAgain || isToBeRead(found) else { return problem?.text != before }
        let loaded: LoadedManifest
        do {
            loaded = try await found.load(isStrict: isStrict)
        } catch {
            finish(found, isWhole: false)
            broken = problem(
                error.description, "cannot be read: \(error.reason)", revision: found, after: broken)
            return problem?.text != before
        }
        lastFiles = loaded.files
        let errors = loaded.complaints.filter { $0.severity == .error }
        finish(found, isWhole: !errors.contains { $0.rule == .unreadable })
        guard !loaded.hasErrors else {
            let condition = errors.map { "\($0.place?.file ?? ""): \($0.message)" }.sorted().joined(separator: "\n")
            broken = problem(
                ComplaintSummary(errors).lines.joined(separator: "\n"), condition, revision: found, after: broken)
            return problem?.text != before
        }
        fleet = loaded.fleet
        generation += 1
        revision = found
        loadedAt = clock.now()
        broken = nil
        return true
    }

    private var watchedFiles: [String] {
        guard let fleet else { return lastFiles }
        return lastFiles + fleet.files
    }

    private mutating func isToBeRead(_ found: ManifestRevision) -> Bool {
        if found.fingerprint == read {
            unsettled = nil
            return retryAt.map { clock.now() >= $0 } ?? false
        }
        // The first fleet is waited for; afterwards there is time to let a change come to an end.
        guard found.isSettled || fleet == nil || unsettled == found.fingerprint else {
            unsettled = found.fingerprint
            return false
        }
        return true
    }

    private mutating func finish(_ found: ManifestRevision, isWhole: Bool) {
        unsettled = nil
        read = found.fingerprint
        retryAt = isWhole ? nil : clock.now() + Self.retryDelay
    }

    /// A problem that goes on keeps the time of its beginning.
    private func problem(
        _ text: String, _ condition: String, revision: ManifestRevision?, after former: Problem?
    ) -> Problem {
        if let former, former.text == text { return former }
        return Problem(at: clock.now(), commit: revision?.commit, text: text, condition: condition)
    }
}
