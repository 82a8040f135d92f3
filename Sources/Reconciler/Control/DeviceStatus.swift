/// One device with everything that has happened to it.
@dynamicMemberLookup
public struct DeviceStatus: Codable, Sendable {
    public struct Event: Codable, Sendable {
        public let at: String
        public let event: String
        public let detail: String
        /// Who or what caused it, in words.
        public let cause: String?
        /// The commit of the manifests that the run behind it went by, where they come from git.
        public let commit: String?
        /// The numbers of the run, the request and the callback that it has to do with; see below for them.
        public let run: Int64?
        public let request: Int64?
        public let callback: Int64?
        /// The number of the operation: what belongs to one attempt at one action.
        public let operation: Int64?
    }

    public struct Request: Codable, Sendable {
        public let number: Int64
        /// What was asked for: an action, or `deviceList`.
        public let asks: String
        public let profileStatusFilter: String?
        public let accountName: String
        public let smsrOid: String?
        /// How many devices it was for.
        public let devices: Int
        public let sentAt: String
        /// The carrier's name for it.
        public let requestId: String?
        public let run: Int64?
    }

    public struct Callback: Codable, Sendable {
        public let number: Int64
        public let receivedAt: String
        public let deliveries: Int
        public let verdict: String
        /// The message as it came, without user name and password.
        public let text: String
    }

    /// What is known of it now.
    public let device: DeviceDocument
    /// The latest one, in words.
    public let operation: String?
    /// Oldest first.
    public let timeline: [Event]
    public let runs: [RunStatus]
    public let requests: [Request]
    public let callbacks: [Callback]

    init(_ record: DeviceRecord, _ timeline: DeviceTimeline) {
        device = DeviceDocument(record)
        operation = record.operation.map { "\($0.action.rawValue), \($0.phase.name)" }
        self.timeline = timeline.entries
        runs = timeline.runs.values.sorted { $0.number < $1.number }.map { RunStatus($0) }
        requests = timeline.requests.values.sorted { $0.number < $1.number }.map { Request($0) }
        callbacks = timeline.callbacks.map { Callback($0) }
    }

    public subscript<Value>(dynamicMember member: KeyPath<DeviceDocument, Value>) -> Value { device[keyPath: member] }

    /// The members of the device itself and these make one JSON object.
    private enum CodingKeys: CodingKey {
        case operation, timeline, runs, requests, callbacks
    }

    public init(from decoder: any Decoder) throws {
        device = try DeviceDocument(from: decoder)
        let members = try decoder.container(keyedBy: CodingKeys.self)
        operation = try members.decodeIfPresent(String.self, forKey: .operation)
        timeline = try members.decode([Event].self, forKey: .timeline)
        runs = try members.decode([RunStatus].self, forKey: .runs)
        requests = try members.decode([Request].self, forKey: .requests)
        callbacks = try members.decode([Callback].self, forKey: .callbacks)
    }

    public func encode(to encoder: any Encoder) throws {
        try device.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(operation, forKey: .operation)
        try members.encode(timeline, forKey: .timeline)
        try members.encode(runs, forKey: .runs)
        try members.encode(requests, forKey: .requests)
        try members.encode(callbacks, forKey: .callbacks)
    }

    /// The devices of an eUICC.
    package static func those(of eid: EID, in reader: any StateReader) throws -> [DeviceStatus] {
        let events = Dictionary(grouping: try reader.timeline(of: eid), by: \.device)
        let callbacks = Dictionary(grouping: try reader.callbacks(of: eid), by: \.device)
        return try reader.devices(eids: [eid], iccids: [], imeis: []).map { record in
            DeviceStatus(
                record,
                try DeviceTimeline(events[record.key] ?? [], callbacks: callbacks[record.key] ?? [], in: reader))
        }
    }
}

extension DeviceStatus.Request {
    init(_ request: RequestRecord) {
        number = request.number.number
        switch request.kind {
        case .action(let action, let smsr):
            asks = action.rawValue
            smsrOid = smsr.description
            profileStatusFilter = nil
        case .deviceList(let filter):
            asks = "deviceList"
            smsrOid = nil
            profileStatusFilter = filter
        }
        accountName = request.account.description
        devices = request.deviceCount
        sentAt = request.sentAt.description
        requestId = request.requestID?.description
        run = request.run?.number
    }
}

extension DeviceStatus.Callback {
    init(_ callback: CallbackRecord) {
        number = callback.number.number
        receivedAt = callback.receivedAt.description
        deliveries = callback.deliveries
        verdict = callback.verdict.name
        text = callback.redactedText
    }
}

/// One process at work on the store.
public struct RunStatus: Codable, Sendable {
    public let number: Int64
    public let command: String
    public let person: String
    public let process: Int
    public let startedAt: String
    public let endedAt: String?
    public let ending: String?
    /// The checksum of the saved plan that it carried out.
    public let plan: String?
    /// Names the desired fleet that it went by.
    public let fleet: String?
    public let commit: String?
    public let detail: String?

    init(_ run: RunRecord) {
        number = run.number.number
        command = run.cause.command
        person = run.cause.person
        process = run.cause.process
        startedAt = run.startedAt.description
        endedAt = run.endedAt?.description
        ending = run.ending
        plan = run.cause.plan?.description
        fleet = run.cause.fleet?.description
        commit = run.cause.commit
        detail = run.cause.detail
    }
}
