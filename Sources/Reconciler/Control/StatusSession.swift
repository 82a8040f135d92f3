/// Reads what is known, for people and for JSON.
public struct StatusSession: Sendable {
    private let settings: Settings

    public init(settings: Settings) {
        self.settings = settings
    }

    /// - Throws: `StateStoreError`
    public func fleet() async throws -> FleetStatus {
        guard let store = try StateLocation.openIfThere(settings.state) else {
            return FleetStatus(known: KnownFleet(), callbacks: [:], counters: [:], signIns: [], lease: nil)
        }
        return try await store.read { reader in
            FleetStatus(
                known: try reader.knownFleet(), callbacks: try reader.callbackCounts(),
                counters: try reader.counters(), signIns: try reader.signIns(), lease: try reader.lease("run"))
        }
    }

    /// The devices of one eUICC with their timelines.
    /// - Throws: `StateStoreError`
    public func devices(of eid: EID) async throws -> [DeviceStatus] {
        guard let store = try StateLocation.openIfThere(settings.state) else { return [] }
        return try await store.read { try DeviceStatus.those(of: eid, in: $0) }
    }
}

/// The fleet in numbers.
public struct FleetStatus: Codable, Sendable {
    public struct SignIn: Codable, Sendable {
        public let credential: String
        public let refusals: Int
        public let at: String
    }

    public let devices: Int
    /// How many devices are known to be in each profile state.
    public let profiles: [String: Int]
    /// How many devices have an operation that is open or failed, by its phase.
    public let operations: [String: Int]
    /// How many callbacks turned out to be what.
    public let callbacks: [String: Int]
    /// Callbacks that were refused, by the reason.
    public let counters: [String: Int64]
    /// Credentials that the carrier has refused.
    public let signIns: [SignIn]
    /// What people have paused, by name (`everything` or a profile set), and who has, when and why.
    public let pauses: [String: String]
    /// Roll-outs that have not ended, by profile set.
    public let rollouts: [String: String]
    /// Who acts on the store now.
    public let run: String?

    init(
        known: KnownFleet, callbacks: [CallbackVerdict: Int], counters: [String: Int64], signIns: [SignInRecord],
        lease: Lease?
    ) {
        devices = known.devices.count
        profiles = known.devices.reduce(into: [:]) { $0[$1.profile?.name ?? "never seen", default: 0] += 1 }
        operations = known.operations.reduce(into: [:]) { $0[$1.phase.name, default: 0] += 1 }
        self.callbacks = Dictionary(uniqueKeysWithValues: callbacks.map { ($0.key.name, $0.value) })
        self.counters = counters
        self.signIns = signIns.filter { $0.refusals > 0 }.map {
            SignIn(credential: $0.credential, refusals: $0.refusals, at: $0.at.description)
        }
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
        run = lease.flatMap { RunOwner.mayBeAlive($0.owner) ? $0.owner : nil }
    }
}

/// One device with its timeline.
public struct DeviceStatus: Codable, Sendable {
    public struct Event: Codable, Sendable {
        public let at: String
        public let event: String
        public let detail: String
    }

    public struct Callback: Codable, Sendable {
        public let receivedAt: String
        public let deliveries: Int
        public let verdict: String
        /// The message as it came, without user name and password.
        public let text: String
    }

    public let eid: String
    public let iccid: String
    public let imei: String?
    public let accountName: String
    public let profile: String?
    /// The carrier's own word.
    public let profileStatus: String?
    public let observedAt: String?
    public let source: String?
    public let service: String
    public let version: Int64
    public let operation: String?
    public let timeline: [Event]
    public let callbacks: [Callback]

    init(_ record: DeviceRecord, events: [StateEvent], callbacks: [CallbackRecord]) {
        eid = record.key.eid.description
        iccid = record.key.iccid.description
        imei = record.imei?.description
        accountName = record.account.description
        profile = record.observation?.state.name
        profileStatus = record.observation?.profileStatus
        observedAt = record.observation?.at.description
        source = record.observation?.source.name
        service = record.service.word
        version = record.version
        operation = record.operation.map { "\($0.action.rawValue), \($0.phase.name)" }
        timeline = events.map { Event(at: $0.at.description, event: $0.kind.name, detail: $0.detail) }
        self.callbacks = callbacks.map {
            Callback(
                receivedAt: $0.receivedAt.description, deliveries: $0.deliveries, verdict: $0.verdict.name,
                text: $0.redactedText)
        }
    }
}

extension DeviceStatus {
    /// The devices of an eUICC.
    package static func those(of eid: EID, in reader: any StateReader) throws -> [DeviceStatus] {
        let events = Dictionary(grouping: try reader.timeline(of: eid), by: \.device)
        let callbacks = Dictionary(grouping: try reader.callbacks(of: eid), by: \.device)
        return try reader.devices(eids: [eid], iccids: [], imeis: []).map { record in
            DeviceStatus(record, events: events[record.key] ?? [], callbacks: callbacks[record.key] ?? [])
        }
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
