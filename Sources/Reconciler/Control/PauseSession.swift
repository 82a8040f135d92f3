/// Holds back what every process on the store would send, and lets it go on.
public struct PauseSession: Sendable {
    private let store: any StateStore
    private let clock: any WallClock

    public init(store: any StateStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Lets nothing more be sent, of one profile set or of all; what is in flight lands, and callbacks are kept. The pause of
    /// a set holds its devices, whatever set names them later.
    ///
    /// - Parameters:
    ///   - profileSet: `nil` for everything.
    ///   - person: who pauses, for those who wait.
    ///   - named: profile sets that are known beside those of the store.
    /// - Throws: `UnknownProfileSet`, `StateStoreError`
    public func pause(
        _ profileSet: String?, reason: String, by person: String, alsoKnown named: Set<String> = []
    ) async throws {
        // It is kept for people only.
        let reason = reason.excerpt(limit: 500)
        let pause = Pause(scope: Self.scope(profileSet), by: person, reason: reason, at: clock.now())
        let cause = RunCause(
            command: "pause", person: person,
            detail: reason.isEmpty ? pause.scope.name : "\(pause.scope.name): \(reason)")
        try await store.write { [location = store.location] transaction in
            try Self.check(profileSet, in: transaction, at: location, alsoKnown: named)
            try transaction.save(pause)
            try transaction.note(cause, at: pause.at)
        }
    }

    /// What `resume` lets go on.
    public enum Resumption: Hashable, Sendable {
        /// The pause of everything. Pauses of single sets and rollouts that failures have stopped stay as they are.
        case everything
        /// The pause of a profile set, and its rollout if failures have stopped it.
        case profileSet(String)
        /// All pauses, and all rollouts that failures have stopped.
        case all

        func includes(_ scope: Pause.Scope) -> Bool {
            switch self {
            case .everything: scope == .everything
            case .profileSet(let name): scope == .profileSet(name)
            case .all: true
            }
        }

        func includes(_ rollout: RolloutRecord) -> Bool {
            guard rollout.abort != nil else { return false }
            return switch self {
            case .everything: false
            case .profileSet(let name): rollout.profileSet == name
            case .all: true
            }
        }

        fileprivate var name: String {
            switch self {
            case .everything: "everything"
            case .profileSet(let name): name
            case .all: "all pauses and stopped rollouts"
            }
        }
    }

    /// What `resume` has let go on, and what stays held.
    public struct Resumed: Sendable {
        public let pauses: [Pause]
        /// Pauses that stay.
        public let remaining: [Pause]
        /// Rollouts that failures had stopped, and that begin anew with what is left of their change.
        public let aborted: [RolloutRecord]
        /// Those that stay stopped.
        public let remainingAborted: [RolloutRecord]
    }

    /// Lifts pauses, and the end of rollouts that failures have stopped: what is named, and nothing else.
    ///
    /// - Parameter person: who lets it go on.
    /// - Throws: `UnknownProfileSet`, `StateStoreError`
    public func resume(
        _ resumption: Resumption, by person: String, alsoKnown named: Set<String> = []
    ) async throws -> Resumed {
        let now = clock.now()
        let cause = RunCause(command: "resume", person: person, detail: resumption.name)
        return try await store.write { [location = store.location] transaction in
            if case .profileSet(let name) = resumption {
                try Self.check(name, in: transaction, at: location, alsoKnown: named)
            }
            let pauses = try transaction.pauses().filter { resumption.includes($0.scope) }
            for pause in pauses { try transaction.removePause(of: pause.scope) }
            let aborted = try transaction.openRollouts().filter { resumption.includes($0) }
            for rollout in aborted { try transaction.endRollout(rollout.number, at: now) }
            if !pauses.isEmpty || !aborted.isEmpty { try transaction.note(cause, at: now) }
            let held = try transaction.heldSetNames()
            let freed = Set(pauses.compactMap(\.scope.profileSet) + aborted.map(\.profileSet)).subtracting(held)
            try transaction.forgetMovedMembers(of: freed.sorted())
            return Resumed(
                pauses: pauses, remaining: try transaction.pauses(), aborted: aborted,
                remainingAborted: try transaction.openRollouts().filter { $0.abort != nil })
        }
    }

    private static func check(
        _ profileSet: String?, in reader: any StateReader, at location: String, alsoKnown named: Set<String>
    ) throws {
        guard let profileSet, !named.contains(profileSet) else { return }
        let known = try reader.knownSetNames()
        guard known.contains(profileSet) else {
            throw UnknownProfileSet(name: profileSet, known: known.union(named), location: location)
        }
    }

    private static func scope(_ profileSet: String?) -> Pause.Scope {
        profileSet.map { .profileSet($0) } ?? .everything
    }
}

/// A person has named a profile set that neither a run nor a controller has named before: most often a slip.
public struct UnknownProfileSet: Error, Hashable, Sendable, CustomStringConvertible {
    let name: String
    let known: Set<String>
    let location: String

    private static let namesShown = 10

    public var description: String {
        let nearest = NearestWord.to(name, among: known.sorted())
        let hint = nearest.map { " Did you mean `\($0.excerpt(limit: 60))`?" } ?? ""
        let shown = known.sorted().prefix(Self.namesShown).map { "`\($0.excerpt(limit: 60))`" }.joined(separator: ", ")
        let rest = known.count > Self.namesShown ? " and \(known.count - Self.namesShown) more" : ""
        let those =
            known.isEmpty
            ? "It knows none yet: `apply` and `serve` make them known."
            : "It knows \(shown)\(rest)."
        return
            "The state store \(location) knows no profile set `\(name.excerpt(limit: 60))`: nothing was changed.\(hint) "
            + those
    }
}
