import Synchronization
import Testing

@testable import Reconciler

extension Browser {
    /// Opens an address.
    func go(_ address: String) async throws {
        _ = try await evaluate("location.href = '\(address)'; return ''")
        try await until("complete \(address)", "return `${document.readyState} ${location.href}`", orElse: "/login")
    }

    /// The console has nothing to complain of.
    func expectQuiet() async throws {
        let complaints = try await console()
        #expect(complaints.isEmpty, "\(complaints)")
    }

    /// Waits until a script in the page gives a value: a page tells nobody that it has changed.
    func until(_ value: String, _ script: String, orElse end: String? = nil) async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(30))
        let latest = LatestText()
        let found = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            // Between two pages there is none that could answer.
            let text = (try? await evaluate(script)) ?? ""
            latest.set(text)
            return text == value || end.map { text.contains($0) } == true ? true : nil
        }
        #expect(found == true, "\(value) was awaited, \(latest.text) was found")
    }
}

private final class LatestText: Sendable {
    private let latest = Mutex("")
    var text: String { latest.withLock { $0 } }
    func set(_ text: String) { latest.withLock { $0 = text } }
}
