import Foundation
import Reconciler
import Synchronization

/// Ends the process as `kill -9` does, at a step of the protocol: `PROFILECTL_KILL_AT=answer-kept:3` at the third
/// time that an answer was kept. For tests of what a crash leaves behind.
final class KillAtStep: ProtocolObserver {
    private let step: ProtocolStep
    private let timesLeft: Mutex<Int>

    /// - Returns: `nil` if the environment does not ask for it.
    /// - Throws: `SettingsError` if it asks for something that does not exist.
    init?(environment: [String: String]) throws {
        guard let text = environment["PROFILECTL_KILL_AT"] else { return nil }
        let parts = text.split(separator: ":")
        guard let step = parts.first.flatMap({ ProtocolStep(rawValue: String($0)) }),
            let times = parts.count == 1 ? 1 : Int(parts[1]), times > 0
        else {
            throw SettingsError(
                "PROFILECTL_KILL_AT is `\(text)`, expected one of "
                    + ProtocolStep.allCases.map(\.rawValue).joined(separator: ", ")
                    + ", with :NUMBER behind it if need be.")
        }
        self.step = step
        timesLeft = Mutex(times)
    }

    func reached(_ step: ProtocolStep) {
        guard step == self.step else { return }
        let isTime = timesLeft.withLock { times in
            times -= 1
            return times == 0
        }
        if isTime { kill(getpid(), SIGKILL) }
    }
}
