/// Reads what is known, for people and for JSON.
public struct StatusSession: Sendable {
    private let settings: Settings
    private let clock: any WallClock

    public init(settings: Settings, clock: any WallClock = SystemClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// How many runs are shown.
    private static let runLimit = 5

    /// The known devices that a status is about.
    public enum Scope: Sendable {
        case everything
        /// Those that are selected in a fleet, because the YAML alone tells of labels, files and profile sets.
        case selected(DesiredFleet)
        /// Those that the selectors name by what the store knows.
        case named(targets: [DeviceSelector], excludes: [DeviceSelector])
    }

    /// - Throws: `StateStoreError`, `SelectionError`
    public func fleet(_ scope: Scope = .everything) async throws -> FleetStatus {
        let store = try await settings.openExistingStore("Nothing is known of any device.")
        try await KeptCallbacks(store: store, clock: clock, policy: settings.policy).takeEffect()
        return try await store.read { reader in
            let known = try reader.knownFleet()
            let selected: KnownFleet
            switch scope {
            case .everything: selected = known
            case .selected(let fleet): selected = known.keeping(selectedIn: fleet)
            case .named(let targets, let excludes):
                selected = try known.selecting(
                    targets, excluding: excludes, accounts: try reader.accountsOfDevices())
            }
            var status = FleetStatus(
                known: selected, callbacks: try reader.callbackCounts(), counters: try reader.counters(),
                signIns: try reader.signIns(), contacts: try reader.signInContacts(), leases: try reader.leases(),
                latestRuns: try reader.latestRuns(limit: Self.runLimit))
            if case .everything = scope { return status }
            status.limit(toSomeOf: known.devices.count)
            return status
        }
    }

    /// The devices of one eUICC with their timelines.
    /// - Throws: `StateStoreError`
    public func devices(of eid: EID) async throws -> [DeviceStatus] {
        let store = try await settings.openExistingStore("Nothing is known of any device.")
        try await KeptCallbacks(store: store, clock: clock, policy: settings.policy).takeEffect()
        return try await store.read { try DeviceStatus.those(of: eid, in: $0) }
    }
}

/// The fleet in numbers.
public struct FleetStatus: Codable, Sendable {
    public struct SignIn: Codable, Sendable {
        public let credential: String
        public let refusals: Int
        /// When the last refusal came.
        public let at: String
        /// Since when the credential is not tried any more by itself; missing if it still is.
        public let stoppedSince: String?
        /// What happened and what to do, where it is stopped.
        public let explanation: String?

        init?(_ record: SignInRecord, _ contacts: [SignInContact]) {
            let contact = contacts.first { $0.contact == record.contact }
            let stop = SignInBook(record, contact ?? SignInContact(contact: record.contact)).stop
            guard record.refusals > 0 || stop != nil else { return nil }
            credential = record.credential
            refusals = record.refusals
            at = record.at.description
            stoppedSince = stop?.since.description
            explanation = stop?.description
        }
    }

    /// A device that a person has to look at.
    public struct DeviceInTrouble: Codable, Sendable {
        public let eid: String
        public let iccid: String
        /// `failed`, `held` or `blocked`.
        public let condition: String
        /// What happened, and what to do.
        public let explanation: String
    }

    /// How many devices that need attention are listed.
    static let troubleLimit = 100

    /// A run that is at work on the store.
    public struct Run: Codable, Sendable {
        public let owner: String
        /// What it acts on; none for one that only reads.
        public let profileSets: [String]
    }

    public let devices: Int
    /// How many devices are known in all, if these are not all of them.
    public private(set) var ofDevices: Int?
    /// How many devices are known to be in each profile state.
    public let profiles: [String: Int]
    /// How many devices have an operation that is open or failed, by its phase.
    public let operations: [String: Int]
    /// The devices that a person has to look at, as far as they are listed, and how many there are.
    public let needAttention: [DeviceInTrouble]
    public let needAttentionCount: Int
    /// How many devices are in doubt, by what put them in doubt: nothing is sent before the carrier's records were read.
    public let inDoubt: [String: Int]
    /// How many callbacks turned out to be what.
    public private(set) var callbacks: [String: Int]
    /// Callbacks that were refused, by the reason.
    public private(set) var counters: [String: Int64]
    /// Credentials that the carrier has refused.
    public let signIns: [SignIn]
    /// What people have paused, by name (`everything` or a profile set), and who has, when and why.
    public let pauses: [String: String]
    /// Roll-outs that have not ended, by profile set.
    public let rollouts: [String: String]
    /// Who acts on the store now.
    public let runs: [Run]
    /// The latest runs, pauses and settlements by hand, latest first.
    public let latestRuns: [RunStatus]

    init(
        known: KnownFleet, callbacks: [CallbackVerdict: Int], counters: [String: Int64], signIns: [SignInRecord],
        contacts: [SignInContact], leases: [Lease], latestRuns: [RunRecord]
    ) {
        devices = known.devices.count
        profiles = known.devices.reduce(into: [:]) { $0[$1.profile?.name ?? "never seen", default: 0] += 1 }
        operations = known.operations.reduce(into: [:]) { $0[$1.phase.name, default: 0] += 1 }
        let troubles = known.devices.lazy.compactMap { DeviceInTrouble($0, in: known) }
        needAttentionCount = troubles.count
        needAttention = Array(troubles.prefix(Self.troubleLimit))
        inDoubt = known.doubts.reduce(into: [:]) { $0[$1.hint.kind.name, default: 0] += 1 }
        self.callbacks = Dictionary(uniqueKeysWithValues: callbacks.map { ($0.key.name, $0.value) })
        self.counters = counters
        self.signIns = signIns.inForce.compactMap { SignIn($0, contacts) }
        pauses = Dictionary(
            known.pauses.map { pause in
                let reason = pause.reason.isEmpty ? "" : ": \(pause.reason)"
                return (pause.scope.name, "by \(pause.by) at \(pause.at)\(reason)")
            }
        ) { $1 }
        rollouts = Dictionary(
            known.rollouts.map { rollout in
                let aborted = rollout.abort.map { ", given up at \($0.at): \($0.reason)" } ?? ""
                return (rollout.profileSet, "since \(rollout.startedAt)\(aborted)")
            }
        ) { $1 }
        self.latestRuns = latestRuns.map { RunStatus($0) }
        let live = leases.filter { lease in !(ProcessIdentity(lease.holder)?.isGone ?? false) }
        runs = Dictionary(grouping: live, by: \.holder).values.map { leases in
            Run(owner: leases[0].owner, profileSets: leases.compactMap(\.name.profileSet).sorted())
        }.sorted { $0.owner < $1.owner }
    }
}

extension FleetStatus {
    /// Says that it is about some devices only; callbacks are not counted by device, so their counts are left out.
    mutating func limit(toSomeOf count: Int) {
        ofDevices = count
        callbacks = [:]
        counters = [:]
    }
}

extension FleetStatus.DeviceInTrouble {
    /// - Returns: `nil` if nothing about the device needs a person.
    init?(_ device: KnownDevice, in known: KnownFleet) {
        let reason: PlanException.Reason
        let operation = known.operation(of: device)
        switch operation?.phase {
        case .failed(let failure, retryAt: nil):
            reason = .failed(failure, attempts: operation?.attempt ?? 1)
        case .unresolved(let why, _): reason = .held(why, operation)
        default:
            let service = known.service(of: device)
            guard device.serviceIndex != 0, !service.allowsChange else { return nil }
            reason = .blocked(service)
        }
        eid = device.key.eid.description
        iccid = device.key.iccid.description
        condition = reason.name
        explanation = reason.explanation
    }
}

extension Operation.Phase {
    /// The word that status and JSON use.
    public var name: String {
        switch self {
        case .intended: "intended"
        case .submitted: "in flight"
        case .enablePending: "enable pending"
        case .unresolved: "unresolved"
        case .succeeded: "succeeded"
        case .failed(_, retryAt: nil): "failed"
        case .failed: "waiting for the next attempt"
        case .withdrawn: "not sent"
        }
    }
}
