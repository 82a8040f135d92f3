import Crypto
import Foundation

/// A plan as people keep it between its review and its application: JSON Lines, a header, an action on each line,
/// and a checksum over all of that.
public enum PlanFile {
    /// The version of this form; a file of a newer one is refused.
    public static let formatVersion = 1
    static let format = "profilectl-plan"
    static let digestPrefix = "sha256:"
    private static let pieceSize = 1 << 16

    /// Writes a plan, all or nothing: the file takes its name when it is complete and on disk.
    ///
    /// - Parameter toolVersion: of the program that writes.
    /// - Throws: `PlanFileError`
    public static func write(_ plan: Plan, to path: String, toolVersion: String) throws {
        let draft = path + ".\(ProcessInfo.processInfo.processIdentifier).part"
        let descriptor = open(draft, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw PlanFileError(path: path, "cannot be written: \(PlanFileError.systemReason)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try write(plan, toolVersion: toolVersion) { try handle.write(contentsOf: $0) }
            try handle.synchronize()
            try handle.close()
        } catch {
            unlink(draft)
            throw PlanFileError(path: path, "cannot be written: \(error.localizedDescription)")
        }
        guard rename(draft, path) == 0 else {
            let reason = PlanFileError.systemReason
            unlink(draft)
            throw PlanFileError(path: path, "cannot be written: \(reason)")
        }
    }

    private static func write(_ plan: Plan, toolVersion: String, to write: ([UInt8]) throws -> Void) throws {
        var json = JSONWriter()
        var checksum = SHA256()
        func flush(above size: Int) throws {
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
            json.member("fleetDigest", plan.actions.fleet.digest)
            json.summary(of: plan)
        }
        json.endDocument()
        for action in plan.actions {
            json.object { $0.members(of: action) }
            json.endDocument()
            try flush(above: pieceSize)
        }
        for exception in plan.exceptions {
            json.object { $0.members(of: exception) }
            json.endDocument()
            try flush(above: pieceSize)
        }
        try flush(above: 0)
        json.object { $0.member("checksum", digestPrefix + checksum.finalize().hexadecimal) }
        json.endDocument()
        try write(json.bytes)
    }
}

/// What stands in the way of a plan file.
public struct PlanFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened to which file, and what to do.
    public let description: String

    init(path: String, _ reason: String) {
        description = "The plan file \(path) \(reason)"
    }

    static var systemReason: String { String(cString: strerror(errno)) + "." }
}

extension Sequence<UInt8> {
    /// Two digits a byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension DesiredFleet {
    /// Names the devices that the YAML declares, with state, account and SM-SR: the same for equal declarations,
    /// wherever they stand. IMEIs and roll-out policies are no part of it. `sha256:` and 64 digits.
    var digest: String {
        var hash = SHA256()
        var text: [UInt8] = []
        for device in devices {
            device.key.eid.appendDigits(to: &text)
            text.append(0x2F)
            device.key.iccid.appendDigits(to: &text)
            text.append(device.state == .downloadedEnabled ? 0x2B : 0x2D)
            text.append(contentsOf: accountName(of: device).description.utf8)
            text.append(0x2F)
            text.append(contentsOf: smsrOid(of: device).description.utf8)
            text.append(0x0A)
            if text.count > 1 << 16 {
                hash.update(data: text)
                text.removeAll(keepingCapacity: true)
            }
        }
        hash.update(data: text)
        return PlanFile.digestPrefix + hash.finalize().hexadecimal
    }
}
