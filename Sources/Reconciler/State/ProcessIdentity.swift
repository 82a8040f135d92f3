import Foundation

/// Tells a run from all others: those on other machines, those in other containers, and later processes that got the
/// same number.
public struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The machine since it was started, and the name space in which the process has its number.
    private let machine: String
    private let processID: Int32
    /// As the system tells it, in ticks since the machine was started.
    private let startedAt: String
    /// A process can have several runs.
    private let run: String

    /// A new run of this process.
    public init() {
        machine = Self.thisMachine
        processID = getpid()
        startedAt = Self.state(of: processID)?.startedAt ?? ""
        run = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    /// Reads the text that `description` gives; `nil` for any other.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 4, let processID = Int32(parts[1]) else { return nil }
        machine = String(parts[0])
        self.processID = processID
        startedAt = String(parts[2])
        run = String(parts[3])
    }

    public var description: String { "\(machine) \(processID) \(startedAt) \(run)" }

    /// Whether the process has certainly ended: it was one of this machine, and there is none such any more.
    public var isGone: Bool {
        guard machine == Self.thisMachine else { return false }
        if kill(processID, 0) != 0, errno == ESRCH { return true }
        guard let state = Self.state(of: processID), !startedAt.isEmpty else { return false }
        return state.startedAt != startedAt || state.hasEnded
    }

    /// Whether the process is one of this machine, and is there.
    var isSeenRunning: Bool { machine == Self.thisMachine && !isGone }

    private static let thisMachine: String = {
        let boot = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id").map {
            String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }
        }
        let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        guard let boot, !boot.isEmpty, let space else {
            // Nothing tells this machine from others: then no process of it is ever taken for gone.
            return String(UInt64.random(in: 0...UInt64.max), radix: 36)
        }
        return "\(boot)/\(space.filter { !$0.isWhitespace })"
    }()

    /// What the system tells of a process; `nil` if it tells nothing.
    private static func state(of processID: Int32) -> (startedAt: String, hasEnded: Bool)? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return nil }
        // The second field is the name in parentheses, which may hold anything; the state is the third one, and the
        // start the twenty-second.
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 19 else { return nil }
        return (String(fields[19]), ["Z", "X"].contains(fields[0]))
    }
}
