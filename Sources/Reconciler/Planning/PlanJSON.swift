/// Writes a plan as JSON: what `plan --format json` prints. A line for each device, so that a plan of millions is
/// never in memory as text.
public struct PlanJSON: Sendable {
    /// The version of this form; it rises when a reader would misunderstand a newer one. What may change without
    /// that is told in docs/plan-json.md.
    public static let formatVersion = 1
    /// The JSON Schema (2020-12) of this form.
    public static var schema: String { String(decoding: PackageResources.plan_schema_json, as: UTF8.self) }
    /// About how many bytes are given at once.
    private static let pieceSize = 1 << 16

    private let plan: Plan

    /// - Parameter plan: what is written.
    public init(_ plan: Plan) {
        self.plan = plan
    }

    /// - Parameter write: given the text in pieces.
    /// - Throws: what `write` throws.
    public func write<Failure: Error>(to write: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
        var json = JSONWriter()
        func flush(_ json: inout JSONWriter, above size: Int = Self.pieceSize) throws(Failure) {
            guard json.bytes.count > size else { return }
            try write(json.bytes)
            json.removeAll()
        }
        json.begin("{")
        json.member("formatVersion", Self.formatVersion)
        json.member("createdAt", plan.createdAt.description)
        json.newLine()
        json.summary(of: plan)
        json.newLine()
        json.begin("[", "actions")
        for position in plan.actions.indices {
            json.newLine()
            json.object { json in
                json.members(of: plan.actions[position])
                json.declaration(of: plan.actions.deviceIndex(at: position), in: plan.actions.fleet)
            }
            try flush(&json)
        }
        json.end("]")
        json.newLine()
        json.begin("[", "exceptions")
        for exception in plan.exceptions {
            json.newLine()
            json.object { json in
                json.members(of: exception)
                json.declaration(of: Int(exception.device), in: plan.actions.fleet)
            }
            try flush(&json)
        }
        json.end("]")
        json.newLine()
        json.begin("[", "drifts")
        for drift in plan.drifts {
            json.newLine()
            json.object { $0.members(of: drift) }
            try flush(&json)
        }
        json.end("]")
        json.newLine()
        json.begin("[", "unmanaged")
        for device in plan.unmanaged {
            json.newLine()
            json.object { $0.members(of: device) }
            try flush(&json)
        }
        json.end("]")
        json.end("}")
        json.endDocument()
        try flush(&json, above: 0)
    }
}

extension JSONWriter {
    /// Writes the numbers of a plan.
    mutating func summary(of plan: Plan) {
        let summary = plan.actions.summary()
        object("summary") { json in
            if let part = plan.part { json.member(of: part) }
            json.member("devices", plan.desiredCount)
            json.member("converged", plan.convergedCount)
            json.member("actions", summary.actions.byName)
            json.member("unverified", summary.unverified)
            json.member("drift", summary.drift)
            json.member("exceptions", plan.exceptionCounts)
            json.member("unmanaged", plan.unmanaged.count)
            json.member("largeChanges", plan.largeChanges.map(\.description))
            json.member("held", plan.heldDevices.map(\.description))
            json.windows(plan.windows)
            json.begin("[", "accounts")
            for account in summary.accounts {
                json.object { json in
                    json.member("accountName", account.name.description)
                    json.member("actions", account.actions.byName)
                    json.member("labels", account.labels.mapValues { $0.mapValues(\.total) })
                }
            }
            json.end("]")
        }
    }

    private mutating func windows(_ windows: [WindowState]) {
        begin("[", "windows")
        for window in windows {
            object { json in
                json.member("profileSet", window.profileSet)
                json.member("open", window.isOpen)
                if let changesAt = window.changesAt {
                    json.member(window.isOpen ? "closesAt" : "opensAt", changesAt.description)
                }
            }
        }
        end("]")
    }

    mutating func members(of action: PlannedAction) {
        members(of: action.key)
        if let imei = action.imei { member("imei", imei.description) }
        member("accountName", action.account.description)
        member("smsrOid", action.smsr.description)
        member("action", action.action.rawValue)
        member("desired", action.desired.rawValue)
        if let known = action.known { member("known", known.name) }
        if let provenAt = action.provenAt { member("knownAt", provenAt.description) }
        member("version", action.version)
        member("attempt", action.attempt)
        member("unverified", action.isUnverified)
        member("drift", action.isDrift)
    }

    mutating func members(of exception: PlanException) {
        members(of: exception.key)
        member("accountName", exception.account.description)
        member("desired", exception.desired.rawValue)
        if let known = exception.known { member("known", known.name) }
        member("reason", exception.reason.name)
        member("explanation", exception.reason.explanation)
    }
}

extension JSONWriter {
    /// Writes what the YAML says of a device beside its state.
    fileprivate mutating func declaration(of device: Int, in fleet: DesiredFleet) {
        guard fleet.devices.indices.contains(device) else { return }
        let device = fleet.devices[device]
        if fleet.sets.indices.contains(Int(device.set)) { member("profileSet", fleet.sets[Int(device.set)].name) }
        member("labels", fleet.labels(of: device))
    }
}
