import Foundation
import Reconciler

/// Asks a person before anything is changed.
struct Approval {
    let style: Style

    /// - Returns: whether the answer was yes.
    /// - Throws: `SettingsError` where there is nobody to ask.
    func ask() throws -> Bool {
        guard isatty(0) == 1 else {
            throw SettingsError("There is no terminal to ask on. Use --auto-approve if the plan is approved.")
        }
        let question = style.bold("Carry this plan out?") + " Only `yes` is taken for yes: "
        try StandardOutput.write { try $0.bytes(Array(question.description.utf8)) }
        return readLine()?.trimmingCharacters(in: .whitespaces) == "yes"
    }
}

/// A folder that is removed at the end.
struct ScratchFolder {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/profilectl-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SettingsError("No temporary folder can be made in \(NSTemporaryDirectory()).")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
