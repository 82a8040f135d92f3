import Crypto
import Foundation

/// A plan as it was saved: what was reviewed.
public struct SavedPlan: Sendable {
    /// Of the profilectl that has written it.
    public let toolVersion: String
    /// When it was computed, as it was written.
    public let createdAt: String
    /// Names the fleet that it was computed for: see `DesiredFleet.digest`.
    public let fleetDigest: String
    /// What was reviewed, in the order of the keys.
    public let actions: PlannedActions
    /// How many devices the plan leaves out, by reason.
    public let exceptionCounts: [String: Int]
}

extension PlanFile {
    /// Reads a plan, and checks that it is whole and as it was written.
    ///
    /// - Throws: `PlanFileError`: it cannot be read, is no plan, was edited or cut short, or is of a newer version.
    public static func read(_ path: String) throws(PlanFileError) -> SavedPlan {
        let text: ManifestText
        do {
            text = try ManifestText(file: path)
        } catch {
            throw PlanFileError(path: path, "cannot be read. Is it there, and a file?")
        }
        var reader = PlanFileReader(path: path, text: text)
        return try reader.read()
    }
}

/// Reads a plan line by line.
private struct PlanFileReader {
    let path: String
    let text: ManifestText
    private var checksum = SHA256()
    private var piece: [UInt8] = []
    private var position = 0
    private var offset = 0
    private var lineNumber = 0

    private static let pieceSize = 1 << 18

    init(path: String, text: ManifestText) {
        self.path = path
        self.text = text
    }

    private func refusal(_ reason: String) -> PlanFileError {
        PlanFileError(path: path, "\(reason) (line \(lineNumber)). Make the plan anew with `profilectl plan --out`.")
    }

    mutating func read() throws(PlanFileError) -> SavedPlan {
        guard let first = nextLine(), let header = try? JSONValue(json: first),
            header["format"]?.text == PlanFile.format, let version = header["formatVersion"]?.text.flatMap({ Int($0) })
        else { throw refusal("is no plan") }
        guard version <= PlanFile.formatVersion else {
            throw PlanFileError(
                path: path,
                "was written by profilectl \(header["toolVersion"]?.text ?? "?") in form \(version); this one knows "
                    + "forms up to \(PlanFile.formatVersion). Use that version, or make the plan anew.")
        }
        take(first)
        var builder = SavedActionsBuilder()
        var exceptionCounts: [String: Int] = [:]
        while let line = nextLine() {
            guard let entry = try? JSONValue(json: line), entry.isObject else { throw damaged() }
            if let expected = entry["checksum"]?.text {
                let found = PlanFile.digestPrefix + checksum.finalize().hexadecimal
                guard found == expected, isAtEnd else { throw damaged() }
                return SavedPlan(
                    toolVersion: header["toolVersion"]?.text ?? "", createdAt: header["createdAt"]?.text ?? "",
                    fleetDigest: header["fleetDigest"]?.text ?? "", actions: builder.actions(),
                    exceptionCounts: exceptionCounts)
            }
            if let reason = entry["reason"]?.text {
                exceptionCounts[reason, default: 0] += 1
            } else if !builder.add(entry) {
                throw damaged()
            }
            take(line)
        }
        throw damaged()
    }

    private func damaged() -> PlanFileError {
        refusal("was edited or cut short after it was made: its checksum does not fit")
    }

    private mutating func take(_ line: [UInt8]) {
        checksum.update(data: line)
        checksum.update(data: [0x0A])
    }

    /// A longer line is none of a plan's.
    private static let longestLine = 64 << 20

    /// The next line without its end; `nil` where there is none, or none that ends.
    private mutating func nextLine() -> [UInt8]? {
        lineNumber += 1
        var searched = position
        while true {
            if let end = piece[searched...].firstIndex(of: 0x0A) {
                defer { position = end + 1 }
                return Array(piece[position..<end])
            }
            let more = text.bytes(at: offset, count: Self.pieceSize)
            guard !more.isEmpty, piece.count - position < Self.longestLine else { return nil }
            offset += more.count
            piece.removeFirst(position)
            searched = piece.count
            piece += more
            position = 0
        }
    }

    /// Whether nothing is left, not even a line that does not end.
    private var isAtEnd: Bool { position == piece.count && offset >= text.size }
}

/// Packs the actions of a saved plan as they were before.
private struct SavedActionsBuilder {
    private struct Entry {
        let action: ProfileAction
        let known: ProfileState?
        let version: Int64
        let attempt: Int
        let isDrift: Bool
    }

    private var fleet = DesiredFleet()
    private var accounts = NameTable()
    private var smsrs = NameTable()
    private var entries: ContiguousArray<Entry> = []

    /// - Returns: `false` if it is no action.
    mutating func add(_ entry: JSONValue) -> Bool {
        guard let eid = entry["eid"]?.text.flatMap({ EID($0) }),
            let iccid = entry["iccid"]?.text.flatMap({ ICCID($0) }),
            let account = entry["accountName"]?.text.flatMap({ UInt16(exactly: accounts.number($0)) }),
            let smsr = entry["smsrOid"]?.text.flatMap({ UInt16(exactly: smsrs.number($0)) }),
            let action = entry["action"]?.text.flatMap({ ProfileAction(rawValue: $0) }),
            let desired = entry["desired"]?.text.flatMap({ DesiredState(rawValue: $0) }),
            let version = entry["version"]?.text.flatMap({ Int64($0) }),
            let attempt = entry["attempt"]?.text.flatMap({ Int($0) }), let isDrift = entry["drift"]?.bool
        else { return false }
        let known = entry["known"]?.text.map { name in ProfileState.allCases.first { $0.name == name } }
        if case .some(.none) = known { return false }
        fleet.devices.append(
            DesiredDevice(
                key: DeviceKey(eid: eid, iccid: iccid), state: desired, account: account, smsr: smsr, set: 0, file: 0,
                labels: 0, line: 0, column: 0,
                imeiDigits: entry["imei"]?.text.flatMap { IMEI($0) }?.digits ?? .none))
        entries.append(
            Entry(action: action, known: known ?? nil, version: version, attempt: attempt, isDrift: isDrift))
        return true
    }

    func actions() -> PlannedActions {
        var fleet = fleet
        fleet.accounts = accounts.names.map { AccountName($0) }
        fleet.smsrs = smsrs.names.map { SmsrOid($0) }
        var actions = PlannedActions(fleet: fleet)
        for (number, entry) in entries.enumerated() {
            actions.append(
                entry.action, on: number, known: entry.known, version: entry.version, attempt: entry.attempt,
                isDrift: entry.isDrift)
        }
        return actions
    }
}
