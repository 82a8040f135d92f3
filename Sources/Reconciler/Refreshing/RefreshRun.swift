/// How a refresh goes about its work.
public struct RefreshOptions: Sendable {
    public var policy: ConvergencePolicy
    public var lists: ListChoice
    /// How long the answer to a list is awaited, from when it was first asked for; and how long a carrier is waited for
    /// that is busy.
    public var timeout: Duration
    /// How often the store is looked at when nobody tells that it has changed.
    public var pollInterval: Duration
    /// Requests a second of accounts for which no manifest sets a rate.
    public var requestsPerSecond: Double
    /// How much of what is known of an account its lists may let vanish and still be believed, in per cent.
    public var maxChange: Double
    /// Whether a person says that they are to be believed however much vanishes.
    public var allowsLargeChange: Bool

    public init(
        policy: ConvergencePolicy = ConvergencePolicy(), lists: ListChoice = ListChoice(),
        timeout: Duration = .seconds(300), pollInterval: Duration = .seconds(1),
        requestsPerSecond: Double = RolloutPolicy().requestsPerSecond, maxChange: Double = RolloutPolicy().maxChange,
        allowsLargeChange: Bool = false
    ) {
        self.policy = policy
        self.lists = lists
        self.timeout = timeout
        self.pollInterval = pollInterval
        self.requestsPerSecond = requestsPerSecond
        self.maxChange = maxChange
        self.allowsLargeChange = allowsLargeChange
    }
}

/// Reads the carrier's records of accounts into the known state.
///
/// All lists of an account are read first; what they say together is then written down device by device, whatever becomes
/// of other accounts. A list that does not come changes nothing.
struct RefreshRun: Sendable {
    let scope: RefreshScope
    let store: any StateStore
    let carrier: any Carrier
    let pacer: RequestPacer
    let clock: any WallClock
    let wakeup: Wakeup
    let options: RefreshOptions
    let stop: StopSwitch
    /// What was typed, for the timelines of the devices.
    let command: String
    /// The commit that the manifests come from, for the same.
    var commit: String?
    /// Has what the lists say written down while others know of it (`RunLock.whileRecording`).
    var whileWriting: @Sendable (_ write: @Sendable () async throws -> Void) async throws -> Void = { try await $0() }
    /// Whether what the lists hold beside the states is wanted.
    var keepsDescriptions = false

    /// What was learnt, with what the lists have said.
    struct Outcome: Sendable {
        let report: RefreshReport
        let sightings: [AccountSightings]
    }

    /// Accounts that are read at the same time.
    private static let concurrentAccounts = 4
    /// How long the carrier's answers are kept, for those who want to see what they were like.
    private static let keptFor = Duration.seconds(24 * 3600)
    /// So many devices of which nothing can be concluded are named.
    private static let unclearShown = 5

    /// - Parameter progress: told of each step forward, in order.
    /// - Throws: `CarrierError` if the sign-in is refused, `StateStoreError`
    func run(progress: @escaping @Sendable (RefreshReport) -> Void) async throws -> Outcome {
        let owner = RunOwner(command: command)
        let cause = RunCause(command: owner.command, person: owner.person, fleet: scope.desired?.digest, commit: commit)
        return try await store.writingDown(cause, clock: clock) { number in
            try await run(as: number, progress: progress)
        } ending: {
            $0.report.endingName
        }
    }

    private func run(
        as number: RunNumber, progress: @escaping @Sendable (RefreshReport) -> Void
    ) async throws -> Outcome {
        let board = RefreshBoard(scope.accounts, lists: options.lists, progress: progress)
        let startedAt = clock.now()
        try await store.write { try $0.forgetDeviceLists(askedBefore: startedAt - Self.keptFor) }
        let declared = scope.declared()
        let homes = declared.reduce(into: [DeviceKey: AccountName]()) { homes, entry in
            for device in entry.value { homes[device.key] = entry.key }
        }
        var listedBy: [DeviceKey: AccountName] = [:]
        var sightings: [AccountSightings] = []
        do {
            try await read(declared, board, as: number) { reading in
                let account = reading.sightings.account
                for key in reading.sightings.devices.keys { listedBy[key] = account }
                let listed = listedBy
                try await whileWriting {
                    try await keep(
                        reading, declared[account] ?? [], board, as: number,
                        isElsewhere: { key in (homes[key] ?? listed[key] ?? account) != account })
                }
                sightings.append(reading.sightings)
            }
        } catch is RunStopped {
            return Outcome(report: board.end(.interrupted), sightings: [])
        }
        return Outcome(
            report: board.end(.done), sightings: sightings.sorted { $0.account < $1.account })
    }

    // MARK: Reading

    /// - Parameter take: given what was read of each account as soon as it is there, one at a time.
    private func read(
        _ declared: [AccountName: [DesiredDevice]], _ board: RefreshBoard, as number: RunNumber,
        take: (AccountReading.Result) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: AccountReading.Result.self) { group in
            for (index, account) in scope.accounts.enumerated() {
                if index >= Self.concurrentAccounts, let result = try await group.next() { try await take(result) }
                let devices = declared[account] ?? []
                group.addTask {
                    let known = try await store.read { try $0.identities(on: account) }
                    return try await AccountReading(
                        account: account,
                        asker: DeviceListAsker(
                            store: store, carrier: carrier, pacer: pacer, clock: clock, wakeup: wakeup, stop: stop,
                            timeout: options.timeout, pollInterval: options.pollInterval,
                            longestWait: options.timeout, run: number), lists: options.lists,
                        board: board,
                        identities: identities(known, devices),
                        selection: scope.isLimitedToDeclared ? devices.map(\.key) : nil,
                        keepsDescriptions: keepsDescriptions, maxChange: options.maxChange
                    ).read()
                }
            }
            while let result = try await group.next() { try await take(result) }
        }
    }

    /// The devices that are known, with what the manifests add to them.
    private func identities(_ known: [KnownIdentity], _ declared: [DesiredDevice]) -> [KnownIdentity] {
        var all = Dictionary(known.map { ($0.key, $0) }) { first, _ in first }
        for device in declared {
            let former = all[device.key]
            all[device.key] = KnownIdentity(
                key: device.key, imei: device.imei ?? former?.imei, isTold: former?.isTold ?? false)
        }
        guard scope.isLimitedToDeclared else { return Array(all.values) }
        return declared.compactMap { all[$0.key] }
    }

    // MARK: Writing down

    private func keep(
        _ reading: AccountReading.Result, _ declared: [DesiredDevice], _ board: RefreshBoard, as number: RunNumber,
        isElsewhere: (DeviceKey) -> Bool
    ) async throws {
        let account = reading.sightings.account
        let proof = reading.proof
        let desired = Dictionary(declared.map { ($0.key, $0.state) }) { first, _ in first }
        var sightings = reading.sightings
        let wanted = sightings.devices.keys.filter { key in
            !isElsewhere(key) && (!scope.isLimitedToDeclared || desired[key] != nil)
        }
        sightings = sightings.limited(to: Array(wanted))
        var missing: [DeviceKey] = []
        var disappearance: Disappearance?
        if proof.isWhole {
            let known = try await store.read { try $0.identities(on: account) }.filter {
                !scope.isLimitedToDeclared || desired[$0.key] != nil
            }
            let expected = Set(desired.keys).union(known.map(\.key))
            // What is named with other identifiers than known is neither listed nor gone.
            missing = expected.filter {
                sightings.devices[$0] == nil && reading.sightings.contradictions[$0] == nil && !isElsewhere($0)
            }
            let told = Set(known.filter(\.isTold).map(\.key)).filter { !isElsewhere($0) }
            disappearance = Disappearance(
                known: told.count, vanishing: told.intersection(missing).count, maxChange: options.maxChange)
        }
        let isBelieved = options.allowsLargeChange || disappearance?.isBelievable ?? true
        if !isBelieved { missing = [] }
        let tally = try await SightingRecords(store: store, policy: options.policy, run: number).keep(
            sightings, missing: missing, proof, desired: desired, at: clock.now())
        wakeup.notify()
        let unclear = reading.sightings.unclearDevices.sorted { $0.key < $1.key }
        board.note(account) { entry in
            entry.devices = sightings.devices.count
            entry.added = tally.added
            entry.changed = tally.changed
            entry.held = tally.held
            entry.heldDeclared = tally.heldDeclared
            entry.gone = tally.gone
            entry.withoutEID = reading.sightings.rowsWithoutEID
            entry.ambiguous = reading.sightings.ambiguousRows
            entry.ofOtherAccounts = reading.sightings.rowsOfOtherAccounts.values.reduce(0, +)
            entry.unclearCount = unclear.count
            entry.unclear = unclear.prefix(Self.unclearShown).map(\.value.capitalizedSentence)
            entry.disappearance = isBelieved ? nil : disappearance?.problem
            entry.isWritten = true
        }
    }
}
