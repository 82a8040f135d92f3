/// Sees to it that one run at a time acts on a store: a lease with an owner that expires if the run dies.
public struct RunLock: Sendable {
    private let store: any StateStore
    private let clock: any WallClock
    /// Who holds the lock, as a person would name it.
    public let owner: String

    /// How long a lease lives without being renewed.
    static let life = Duration.seconds(30)
    static let renewal = Duration.seconds(10)
    private static let name = "run"

    public init(store: any StateStore, clock: any WallClock, owner: String) {
        self.store = store
        self.clock = clock
        self.owner = owner
    }

    /// Does `work` while holding the lock, and renews the lease meanwhile.
    ///
    /// - Parameter ownerIsAlive: says of another owner of this machine whether it still runs, so that the lock of a
    ///   killed one need not expire first.
    /// - Throws: `RunLockHeld`, `StateStoreError`, and what `work` throws.
    public func hold<Result: Sendable>(
        ownerIsAlive: @escaping @Sendable (String) -> Bool, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await acquire(ownerIsAlive: ownerIsAlive)
        do {
            let result = try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await work() }
                group.addTask {
                    while true {
                        try await clock.sleep(until: clock.now() + Self.renewal)
                        try await renew()
                    }
                }
                defer { group.cancelAll() }
                while let finished = try await group.next() {
                    if let finished { return finished }
                }
                throw CancellationError()
            }
            try await release()
            return result
        } catch {
            try? await release()
            throw error
        }
    }

    private func acquire(ownerIsAlive: @escaping @Sendable (String) -> Bool) async throws {
        let now = clock.now()
        let owner = owner
        try await store.write { transaction in
            if let lease = try transaction.lease(Self.name), lease.owner != owner, lease.expiresAt > now,
                ownerIsAlive(lease.owner)
            {
                throw RunLockHeld(owner: lease.owner, expiresAt: lease.expiresAt)
            }
            try transaction.save(Lease(name: Self.name, owner: owner, expiresAt: now + Self.life))
        }
    }

    private func renew() async throws {
        let now = clock.now()
        let owner = owner
        try await store.write { transaction in
            guard let lease = try transaction.lease(Self.name), lease.owner == owner else {
                let holder = try transaction.lease(Self.name)
                throw RunLockHeld(owner: holder?.owner ?? "nobody", expiresAt: holder?.expiresAt ?? now)
            }
            try transaction.save(Lease(name: Self.name, owner: owner, expiresAt: now + Self.life))
        }
    }

    private func release() async throws {
        let owner = owner
        try await store.write { transaction in
            if try transaction.lease(Self.name)?.owner == owner {
                try transaction.removeLease(Self.name)
            }
        }
    }
}

/// Another run holds the lock.
public struct RunLockHeld: Error, Hashable, Sendable, CustomStringConvertible {
    public let owner: String
    public let expiresAt: Timestamp

    public var description: String {
        "Another run acts on this store: \(owner). Wait for it to end, or stop it; if it has died, its lock expires "
            + "at \(expiresAt)."
    }
}
