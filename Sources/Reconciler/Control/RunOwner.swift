import Foundation

/// Names a run for those who find its lock: who, where, which process, doing what.
public struct RunOwner: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public let command: String
    /// The person at the keyboard: user and host.
    public let person: String
    /// Tells this run from all others.
    public let identity: ProcessIdentity

    /// The number of this process.
    public static var currentProcess: Int { Int(ProcessInfo.processInfo.processIdentifier) }

    /// This process.
    public init(command: String) {
        self.command = command
        let process = ProcessInfo.processInfo
        let user = process.environment["USER"] ?? process.environment["LOGNAME"] ?? "uid \(getuid())"
        person = "\(user) on \(process.hostName)"
        description = Self.description(command: command, person: person, process: Self.currentProcess)
        identity = ProcessIdentity()
    }

    static func description(command: String, person: String, process: Int) -> String {
        "`profilectl \(command)` by \(person), process \(process)"
    }
}
