import Synchronization

/// Sees to it that one run at a time acts on a profile set: a lease on each set of the run, with an owner, which expires
/// if the run dies. Runs over other sets may act on the same store meanwhile.
public struct RunLock: Sendable {
    private let store: any StateStore
    private let clock: any WallClock
    private let owner: RunOwner
    /// What is held.
    private let names: Set<LeaseName>
    private let isGone: @Sendable (ProcessIdentity) -> Bool
    /// What others are told of the run: told again when leases have to be taken anew.
    private let announced = Announced()

    /// How long a lease lives without being renewed.
    static let life = Duration.seconds(30)
    static let renewal = Duration.seconds(10)
    /// The wait after a renewal that failed.
    private static let retry = Duration.seconds(1)

    /// - Parameter isGone: says of another run whether its process has certainly ended, so that the lock of a killed
    ///   one need not expire first.
    public init(
        store: any StateStore, clock: any WallClock, owner: RunOwner, profileSets: some Sequence<String>,
        isGone: @escaping @Sendable (ProcessIdentity) -> Bool = { $0.isGone }
    ) {
        self.init(store, clock, owner, Set(profileSets.map { .profileSet($0) }), isGone: isGone)
    }

    /// The lock of a run that only reads. It may be at work beside all others, and what it learns is written down with
    /// care for what they do; but they find it where they look for who listens for callbacks.
    init(
        ofReader owner: RunOwner, store: any StateStore, clock: any WallClock,
        isGone: @escaping @Sendable (ProcessIdentity) -> Bool = { $0.isGone }
    ) {
        self.init(store, clock, owner, [.reading(owner.identity.description)], isGone: isGone)
    }

    private init(
        _ store: any StateStore, _ clock: any WallClock, _ owner: RunOwner, _ names: Set<LeaseName>,
        isGone: @escaping @Sendable (ProcessIdentity) -> Bool
    ) {
        self.store = store
        self.clock = clock
        self.owner = owner
        self.names = names
        self.isGone = isGone
    }

    /// Whether it keeps nobody away.
    private var isReader: Bool { names == [.reading(holder)] }
    /// Tells this run from all others, also to those.
    var holder: String { owner.identity.description }

    /// Does `work` while holding the lock, and renews the leases meanwhile.
    ///
    /// - Throws: `RunLockHeld`, `StateStoreError`, and what `work` throws.
    public func hold<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await acquire()
        do {
            let result = try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await work() }
                group.addTask { try await renewContinually() }
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

    /// Tells other runs where this one listens for callbacks.
    /// - Throws: `StateStoreError`
    func announce(listensAt address: String) async throws {
        announced.news.withLock { $0.address = address }
        try await store.write { transaction in
            for lease in try leases(in: transaction) {
                var lease = lease
                lease.listensAt = address
                try transaction.save(lease)
            }
        }
    }

    /// Writes the carrier's records down while all processes on the store know that what they read is half of it. To be
    /// done while the lock is held.
    ///
    /// - Throws: `StateStoreError`, and what `write` throws.
    func whileRecording<Result: Sendable>(_ write: @Sendable () async throws -> Result) async throws -> Result {
        let until = clock.wall() + Self.life
        announced.news.withLock { $0.isRecording = true }
        func end() async throws {
            announced.news.withLock { $0.isRecording = false }
            try await store.write { try $0.removeLease(.recording(holder)) }
        }
        do {
            try await store.write { try take(in: $0, until: until) }
            let result = try await write()
            try await end()
            return result
        } catch {
            try? await end()
            throw error
        }
    }

    /// What those runs on the same store hold that listen for callbacks at this address.
    /// - Throws: `StateStoreError`
    func otherRuns(listeningAt address: String) async throws -> [Lease] {
        let now = clock.wall()
        return try await store.read { reader in
            try reader.leases().filter {
                $0.listensAt == address && $0.holder != holder && $0.isLive(at: now, isGone: isGone)
            }
        }
    }

    // MARK: Within transactions

    /// What other runs hold at the moment, for a transaction that writes down what is to be done: what was so when the
    /// run began may have changed, since a process that was stopped for long loses its leases without noticing.
    ///
    /// - Throws: `RunLockHeld` if this run does not hold its sets any more.
    func others(in reader: any StateReader) throws -> OtherRuns {
        let leases = try reader.leases()
        let others = leases.filter { $0.holder != holder }
        guard leases.count - others.count == names.count else {
            throw RunLockHeld(others.filter { isMine($0.name) }, isLost: true)
        }
        return OtherRuns(leases: others, now: clock.wall(), isGone: isGone)
    }

    // MARK: Taking and giving back

    private func isMine(_ name: LeaseName) -> Bool {
        switch name {
        case .profileSet, .reading, .recording: names.contains(name)
        case .wholeStore: true
        }
    }

    private func leases(in reader: any StateReader) throws -> [Lease] {
        try reader.leases().filter { $0.holder == holder }
    }

    private func acquire() async throws {
        let now = clock.wall()
        try await store.write { transaction in
            let others = try transaction.leases().filter { $0.holder != holder }
            let live = others.filter { $0.isLive(at: now, isGone: isGone) }
            let inTheWay = live.filter { isMine($0.name) }
            guard inTheWay.isEmpty else { throw RunLockHeld(inTheWay, isLost: false) }
            for lease in others where !live.contains(lease) { try transaction.removeLease(lease.name) }
            try take(in: transaction, until: now + Self.life)
        }
    }

    /// Takes what is free, or renews what is held.
    private func take(in transaction: any StateTransaction, until: Timestamp) throws {
        let news = announced.news.withLock(\.self)
        for name in names.union(news.isRecording ? [.recording(holder)] : []) {
            try transaction.save(
                Lease(name: name, owner: owner.description, holder: holder, expiresAt: until, listensAt: news.address))
        }
    }

    private func renewContinually() async throws -> Never {
        var wait = Self.renewal
        var heldUntil = clock.now() + Self.life
        while true {
            try await clock.sleep(until: clock.now() + wait)
            do {
                let renewedAt = clock.now()
                try await renew()
                heldUntil = renewedAt + Self.life
                wait = Self.renewal
            } catch let error as StateStoreError {
                // Nobody takes the place of one that only reads: it is taken anew as soon as the store works again.
                if isReader {
                    wait = Self.retry
                    continue
                }
                // Until the lease runs out nobody takes it, and the store may work again by then.
                guard clock.now() + Self.retry < heldUntil else { throw error }
                wait = Self.retry
            }
        }
    }

    private func renew() async throws {
        let until = clock.wall() + Self.life
        try await store.write { transaction in
            // Nobody takes the place of one that only reads, so that there is nothing that it could have lost.
            if !isReader { _ = try others(in: transaction) }
            try take(in: transaction, until: until)
        }
    }

    private func release() async throws {
        try await store.write { transaction in
            for lease in try leases(in: transaction) { try transaction.removeLease(lease.name) }
        }
    }
}

/// What a lock has announced.
private final class Announced: Sendable {
    struct News: Sendable {
        /// Where callbacks are listened for.
        var address: String?
        /// Whether the carrier's records are being written down.
        var isRecording = false
    }

    let news = Mutex(News())
}
