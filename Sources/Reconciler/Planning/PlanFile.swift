import Crypto
import Foundation

/// A plan as people keep it between its review and its application: JSON Lines, a header, an action on each line,
/// then what the plan leaves out, and a checksum over all of that.
///
/// It carries all that its application needs, the roll-out policies among it: the manifests are not read again.
public enum PlanFile {
    /// The version of this form; a file of another one is refused.
    public static let formatVersion = 2
    static let format = "profilectl-plan"
    private static let pieceSize = 1 << 16

    /// Writes a plan, all or nothing: a file takes its name when it is complete and on disk. Only the user may read it.
    ///
    /// - Parameter toolVersion: of the program that writes.
    /// - Throws: `PlanFileError`
    public static func write(_ plan: Plan, to path: String, toolVersion: String) throws(PlanFileError) {
        do {
            try OutputFile(path, mode: 0o600).write { piece in
                try write(plan, toolVersion: toolVersion) { try piece($0) }
            }
        } catch {
            throw PlanFileError(path: path, error.reason)
        }
    }

    /// - Parameter write: given the text in pieces.
    /// - Throws: what `write` throws.
    static func write<Failure: Error>(
        _ plan: Plan, toolVersion: String, to write: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var json = JSONWriter()
        var checksum = SHA256()
        func flush(above size: Int) throws(Failure) {
            guard json.bytes.count > size else { return }
            checksum.update(data: json.bytes)
            try write(json.bytes)
            json.removeAll()
        }
        json.object { json in
            json.member("format", format)
            json.member("formatVersion", formatVersion)
            json.member("toolVersion", toolVersion)
            json.member("createdAt", plan.createdAt.description)
            json.member("fleetDigest", plan.actions.fleet.digest.description)
            json.summary(of: plan)
            json.profileSets(of: plan)
            json.widerLargeChanges(of: plan)
        }
        json.endDocument()
        let fleet = plan.actions.fleet
        for position in plan.actions.indices {
            json.object { json in
                json.members(of: plan.actions[position])
                json.member("latestRun", plan.actions.origin(at: position).run)
                json.origin(of: plan.actions.device(at: position), in: fleet)
            }
            json.endDocument()
            try flush(above: pieceSize)
        }
        for exception in plan.exceptions {
            let device = fleet.devices[Int(exception.device)]
            json.object { json in
                json.members(of: exception)
                json.member("smsrOid", fleet.smsrOid(of: device).description)
                json.origin(of: device, in: fleet)
            }
            json.endDocument()
            try flush(above: pieceSize)
        }
        for drift in plan.drifts {
            json.object { $0.members(of: drift) }
            json.endDocument()
            try flush(above: pieceSize)
        }
        for key in plan.unmanaged {
            json.object { json in
                json.members(of: key)
                json.member("unmanaged", true)
            }
            json.endDocument()
            try flush(above: pieceSize)
        }
        try flush(above: 0)
        json.object { $0.member("checksum", ContentDigest(checksum.finalize()).description) }
        json.endDocument()
        try write(json.bytes)
    }

    /// Whether a file is a plan, whole or not: what it is called does not matter.
    public static func isPlan(_ path: String) -> Bool {
        do {
            return isPlan(try ManifestText(file: path))
        } catch {
            // Whoever reads it says why it cannot be read.
            return false
        }
    }

    static func isPlan(_ text: ManifestText) -> Bool {
        let beginning = "{\"format\":\"\(format)\""
        return text.bytes(at: 0, count: beginning.utf8.count) == Array(beginning.utf8)
    }
}

extension JSONWriter {
    /// Writes the profile sets with their roll-out policies, and what they would change too much of.
    fileprivate mutating func profileSets(of plan: Plan) {
        begin("[", "profileSets")
        for set in plan.actions.fleet.sets {
            object { json in
                json.member("name", set.name)
                json.member("rollout", set.rollout.json)
                let change = plan.largeChanges.first { $0.scope == .profileSet && $0.holds(set.name) }
                guard let change else { return }
                json.object("largeChange") { json in
                    json.member("changes", change.changes)
                    json.member("present", change.present)
                }
            }
        }
        end("]")
    }

    /// Writes what is too much of several sets together, of an account or of all.
    fileprivate mutating func widerLargeChanges(of plan: Plan) {
        begin("[", "largeChanges")
        for change in plan.largeChanges where change.scope != .profileSet {
            object { json in
                switch change.scope {
                case .profileSet: break
                case .smallSets: json.member("scope", "smallSets")
                case .run: json.member("scope", "run")
                case .account(let account): json.member("accountName", account.description)
                }
                json.member("profileSets", change.profileSets)
                json.member("changes", change.changes)
                json.member("present", change.present)
                json.member("limit", RolloutPolicy.Amount.percent(change.limit).text)
            }
        }
        end("]")
    }

    /// Writes where a device comes from.
    fileprivate mutating func origin(of device: DesiredDevice, in fleet: DesiredFleet) {
        member("profileSet", device.set)
        if device.labels > 0 { member("labels", fleet.labels(of: device)) }
    }
}

/// What stands in the way of a plan file.
public struct PlanFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened to which file, and what to do.
    public let description: String

    init(path: String, _ reason: String) {
        description = "The plan file \(path.excerpt(limit: 300)) \(reason)"
    }
}
