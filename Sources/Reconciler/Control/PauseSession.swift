/// Holds back what every process on the store would send, and lets it go on.
public struct PauseSession: Sendable {
    private let store: any StateStore
    private let clock: any WallClock

    public init(store: any StateStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Lets nothing more be sent, of one profile set or of all; what is in flight lands, and callbacks are kept.
    ///
    /// - Parameters:
    ///   - profileSet: `nil` for everything.
    ///   - person: who pauses, for those who wait.
    /// - Throws: `StateStoreError`
    public func pause(_ profileSet: String?, reason: String, by person: String) async throws {
        // It is kept for people only.
        let reason = reason.excerpt(limit: 500)
        let pause = Pause(scope: Self.scope(profileSet), by: person, reason: reason, at: clock.now())
        let cause = RunCause(
            command: "pause", person: person,
            detail: reason.isEmpty ? pause.scope.name : "\(pause.scope.name): \(reason)")
        try await store.write { transaction in
            try transaction.save(pause)
            try transaction.note(cause, at: pause.at)
        }
    }

    /// What `resume` has let go on.
    public struct Resumed: Sendable {
        public let pauses: [Pause]
        /// Pauses that stay.
        public let remaining: [Pause]
        /// Roll-outs that were given up, and begin anew with what is left of their change.
        public let aborted: [RolloutRecord]
    }

    /// Lifts pauses, and the end of roll-outs that were given up.
    ///
    /// - Parameters:
    ///   - profileSet: `nil` for everything, pauses of single sets included.
    ///   - person: who lets it go on.
    /// - Throws: `StateStoreError`
    public func resume(_ profileSet: String?, by person: String) async throws -> Resumed {
        let now = clock.now()
        let cause = RunCause(command: "resume", person: person, detail: Self.scope(profileSet).name)
        return try await store.write { transaction in
            let pauses = try transaction.pauses().filter {
                profileSet == nil || $0.scope == Self.scope(profileSet)
            }
            for pause in pauses { try transaction.removePause(of: pause.scope) }
            let aborted = try transaction.openRollouts().filter {
                $0.abort != nil && (profileSet == nil || $0.profileSet == profileSet)
            }
            for rollout in aborted { try transaction.endRollout(rollout.number, at: now) }
            if !pauses.isEmpty || !aborted.isEmpty { try transaction.note(cause, at: now) }
            return Resumed(pauses: pauses, remaining: try transaction.pauses(), aborted: aborted)
        }
    }

    private static func scope(_ profileSet: String?) -> Pause.Scope {
        profileSet.map { .profileSet($0) } ?? .everything
    }
}
