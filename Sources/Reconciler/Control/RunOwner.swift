import Foundation

/// Names a run for those who find its lock: who, where, which process, doing what.
public struct RunOwner: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// The person at the keyboard: user and host.
    public let person: String
    /// Tells this run from all others.
    public let identity: ProcessIdentity

    /// This process.
    public init(command: String) {
        let process = ProcessInfo.processInfo
        let user = process.environment["USER"] ?? process.environment["LOGNAME"] ?? "uid \(getuid())"
        person = "\(user) on \(process.hostName)"
        description = "`profilectl \(command)` by \(person), process \(process.processIdentifier)"
        identity = ProcessIdentity()
    }
}
