import Foundation

/// Names a run for those who find its lock: who, where, which process, doing what.
public struct RunOwner: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public let command: String
    /// The person at the keyboard: user and host.
    public let person: String

    /// The number of this process.
    public static var currentProcess: Int { Int(ProcessInfo.processInfo.processIdentifier) }

    /// This process.
    public init(command: String) {
        self.command = command
        let process = ProcessInfo.processInfo
        let user = process.environment["USER"] ?? process.environment["LOGNAME"] ?? "uid \(getuid())"
        person = "\(user) on \(process.hostName)"
        description = Self.description(command: command, person: person, process: Self.currentProcess)
    }

    static func description(command: String, person: String, process: Int) -> String {
        "`profilectl \(command)` by \(person), process \(process)"
    }

    /// Whether the owner with this description may still run: `false` only if it was a process of this machine that
    /// is gone.
    public static func mayBeAlive(_ description: String) -> Bool {
        guard let mark = description.range(of: ", process ", options: .backwards),
            let processID = pid_t(description[mark.upperBound...]),
            description[..<mark.lowerBound].hasSuffix(" on \(ProcessInfo.processInfo.hostName)")
        else { return true }
        return kill(processID, 0) == 0 || errno == EPERM
    }
}
